// Comfort on top of a page that is whole without it: theme, search and sorting.
(() => {
  "use strict";
  const root = document.documentElement;

  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const label = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  // Storage may be refused to pages from files.
  const stored = (act) => { try { return act(localStorage); } catch { return null; } };
  const saved = stored((storage) => storage.getItem("theme"));
  if (saved === "dark" || saved === "light") root.dataset.theme = saved;
  button.hidden = false;
  label();
  system.addEventListener("change", label);
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    stored((storage) => storage.setItem("theme", root.dataset.theme));
    label();
  });

  const table = document.getElementById("list");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];

  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const texts = rows.map((row) => row.textContent.toLowerCase());
  search.parentElement.hidden = false;
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, at) => {
      const fits = words.every((word) => texts[at].includes(word));
      row.hidden = !fits;
      shown += fits;
    });
    found.textContent = words.length ? `${shown} of ${rows.length}` : "";
  });

  const collator = new Intl.Collator("en", { numeric: true });
  const keys = (column) => new Map(rows.map((row) => {
    const cell = row.cells[column];
    return [row, cell.dataset.v === undefined ? cell.textContent : BigInt(cell.dataset.v)];
  }));
  const compare = (a, b) => typeof a === "bigint" ? (a < b ? -1 : Number(a > b)) : collator.compare(a, b);
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const sorter = document.createElement("button");
    sorter.type = "button";
    sorter.append(...head.childNodes);
    head.append(sorter);
    // Numbers are most wanted from the greatest down.
    const first = rows[0].cells[column].dataset.v === undefined ? "ascending" : "descending";
    sorter.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const order = now ? (now === "ascending" ? "descending" : "ascending") : first;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const key = keys(column);
      const sign = order === "ascending" ? 1 : -1;
      body.append(...[...rows].sort((a, b) => sign * compare(key.get(a), key.get(b))));
    });
  });
})();
