// Comfort on top of a page that is whole without it: theme, values of the curve, search and sorting.
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

  const chart = document.getElementById("chart");
  if (chart) readOut(chart);

  /** Lets a pointer or the arrow keys move along the curve, and says the values there. */
  function readOut(chart) {
    const data = chart.dataset;
    const numbers = (list) => list.split(",").map((number) => number === "" ? null : Number(number));
    const groups = (list) => list === "" ? [] : list.split(",").map((group) => group.split(":").map(Number));
    const [start, step] = [Number(data.start), Number(data.step)];
    const received = numbers(data.received);
    const sent = numbers(data.sent);
    const peaks = [numbers(data.peakReceived), numbers(data.peakSent)];
    const usual = [groups(data.usualReceived), groups(data.usualSent)];
    const offsets = groups(data.offsets);
    /** The last group that begins at a second or before it. */
    const at = (groups, second) => groups.findLast((group) => group[0] <= second);
    const clock = (second) => {
      const [, offset] = at(offsets, second) ?? offsets[0];
      const text = new Date((second + offset) * 1000).toISOString();
      return step < 3600 && received.length <= 300 ? text.slice(11, 16) : text.slice(0, 16).replace("T", " ");
    };
    const rate = (bytes) => {
      if (bytes < 1000) return `${bytes} B/s`;
      let unit = 0;
      for (bytes /= 1000; bytes >= 999.95; bytes /= 1000) unit += 1;
      return `${bytes.toFixed(1)} ${["kB", "MB", "GB", "TB", "PB", "EB"][unit]}/s`;
    };
    const direction = (name, mean, peak, usual, second) => {
      const band = at(usual, second);
      const expected = band && second < band[0] + 3600 ? `, usually ${rate(band[1])} to ${rate(band[2])}` : "";
      return `${name} ${rate(mean)} (peak ${rate(peak)}${expected})`;
    };
    const words = (place) => {
      const second = start + place * step;
      const when = `${clock(second)}–${clock(second + step)}`;
      if (received[place] === null) return `${when}: not observed`;
      return `${when}: ${direction("received", received[place], peaks[0][place], usual[0], second)}, ` +
        direction("sent", sent[place], peaks[1][place], usual[1], second);
    };
    const value = chart.querySelector(".value");
    value.hidden = false;
    for (const plot of chart.querySelectorAll(".plot")) {
      const [left, right] = plot.dataset.plot.split(",").map(Number);
      const reader = document.createElement("div");
      const cursor = document.createElement("div");
      reader.className = "reader";
      reader.tabIndex = 0;
      cursor.className = "cursor";
      cursor.hidden = true;
      const set = (name, text) => reader.setAttribute(name, text);
      set("role", "slider");
      set("aria-label", "Values along the curve");
      set("aria-valuemin", 0);
      set("aria-valuemax", received.length - 1);
      // The curve may end before the period does.
      const seconds = Number(data.end) - start;
      let place = 0;
      const go = (to) => {
        place = Math.min(Math.max(to, 0), received.length - 1);
        const middle = left + (right - left) * Math.min((place + 0.5) * step / seconds, 1);
        cursor.style.left = `${middle * 100}%`;
        cursor.hidden = false;
        value.textContent = words(place);
        set("aria-valuenow", place);
        set("aria-valuetext", words(place));
      };
      set("aria-valuenow", 0);
      set("aria-valuetext", words(0));
      reader.addEventListener("focus", () => go(place));
      reader.addEventListener("pointermove", (event) => {
        const box = reader.getBoundingClientRect();
        const part = ((event.clientX - box.left) / box.width - left) / (right - left);
        go(Math.floor(part * seconds / step));
      });
      const far = Math.max(1, Math.round(3600 / step));
      const moves = {
        ArrowLeft: () => place - 1, ArrowDown: () => place - 1, ArrowRight: () => place + 1, ArrowUp: () => place + 1,
        PageDown: () => place - far, PageUp: () => place + far, Home: () => 0, End: () => received.length - 1,
      };
      reader.addEventListener("keydown", (event) => {
        if (!(event.key in moves)) return;
        event.preventDefault();
        go(moves[event.key]());
      });
      plot.append(reader, cursor);
    }
  }

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
