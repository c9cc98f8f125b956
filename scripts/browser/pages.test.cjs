// Pages of a quiet day, a busy day with gaps, a week, a day with findings, a hostile log, the analyses of
// the last two and the indexes over their folders, opened from file:// in Chromium: nothing is asked of
// anyone, nothing a name holds acts, everything is there without script, in a few screens, the curve
// reads out its values, search, sorting and themes work, and axe finds nothing serious.
"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PAGES = {
  quiet: "quiet/out/report_20260303.html",
  busy: "busy/out/report_20260302.html",
  week: "week/out/report_20260222-20260228.html",
  hostile: "hostile/out/report_20260302.html",
  found: "found/out/report_20260223.html",
  index: "found/out/index.html",
  "hostile-index": "hostile/out/index.html",
  trend: "found/trend.html",
  anomaly: "found/anomaly.html",
  patterns: "found/patterns.html",
  "hostile-trend": "hostile/trend.html",
  "hostile-anomaly": "hostile/anomaly.html",
  "hostile-patterns": "hostile/patterns.html",
};
const file = (name) => path.join(process.env.PAGES, PAGES[name]);
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 360, height: 740 };

let browser;
test.before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.BROWSER,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
      "--disable-sync", "--no-first-run"],
  });
});
test.after(() => browser?.close());

/** Opens a page, does something on it and asserts that it asked nobody and complained of nothing. */
async function visit(name, options, act) {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  const page = await context.newPage();
  const asked = [];
  const complaints = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => { complaints.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  const url = pathToFileURL(file(name)).href;
  await page.goto(url);
  await act(page);
  assert.deepEqual(asked, [url], "it asks for nothing but itself");
  assert.deepEqual(complaints, []);
  await context.close();
}

for (const name of Object.keys(PAGES)) {
  test(`${name}: is under ${name.startsWith("hostile") ? 500 : 200} kB`, () => {
    assert.ok(fs.statSync(file(name)).size < (name.startsWith("hostile") ? 500_000 : 200_000));
  });

  test(`${name}: reads the same without script`, async () => {
    const texts = [];
    for (const javaScriptEnabled of [true, false]) {
      await visit(name, { javaScriptEnabled }, async (page) => {
        // What is folded reads the same, too.
        await page.locator("main").evaluate((main) => main.querySelectorAll("details").forEach((one) => { one.open = true; }));
        texts.push((await page.locator("main").innerText()).replace(/[↕\s]+/g, " "));
        assert.equal(await page.locator("#theme").isVisible(), javaScriptEnabled);
      });
    }
    const hint = "Point at the curve, or move along it with the arrow keys. ";
    assert.equal(texts[0].replace(" Search ", " ").replace(hint, ""), texts[1]);
  });

  for (const [size, viewport] of [["wide", WIDE], ["narrow", NARROW]]) {
    for (const colorScheme of ["light", "dark"]) {
      test(`${name}, ${size}, ${colorScheme}: fits and is accessible`, async () => {
        // The policy keeps the checker's script out, as it should: it comes in past it.
        await visit(name, { viewport, colorScheme, bypassCSP: true }, async (page) => {
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(overflow <= 0, `${overflow} pixels wider than the window`);
          await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
          const opened = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(opened <= 0, `${opened} pixels wider than the window when all is open`);
          // Each width and each theme once: with long tables the checker takes its time.
          if ((size === "wide") === (colorScheme === "light")) await accessible(page);
          await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = false; }));
          if (process.env.SCREENSHOTS) {
            const target = path.join(process.env.SCREENSHOTS, `${name}-${size}-${colorScheme}.png`);
            await page.screenshot({ path: target, fullPage: true, clip: await clip(page) });
          }
        });
      });
    }
  }
}

/** Asserts that axe finds nothing serious. */
async function accessible(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run());
  const serious = result.violations
    .filter((found) => ["serious", "critical"].includes(found.impact))
    .map((found) => `${found.id}: ${found.nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
  assert.deepEqual(serious, []);
}

/** The page, if it is no longer than a few screens. */
async function clip(page) {
  const size = await page.evaluate(() => ({
    width: document.documentElement.clientWidth,
    height: document.documentElement.scrollHeight,
  }));
  return { x: 0, y: 0, width: size.width, height: Math.min(size.height, 4200) };
}

test("a busy day is a few screens long", async () => {
  for (const [viewport, most] of [[WIDE, 6], [NARROW, 10]]) {
    await visit("busy", { viewport }, async (page) => {
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      assert.ok(height < most * viewport.height, `${height} pixels`);
    });
  }
});

/** Opens the connections, which are folded. */
const openConnections = (page) => page.getByText("The connections as a table").click();

test("the worst finding comes first, is marked on the curve, and its process opens", () => visit("found", {}, async (page) => {
  assert.match(await page.locator(".verdict").innerText(), /^(Critical|Warning) rsync.* sent /);
  assert.match(await page.locator(".tiles > div").first().innerText(), /^Findings/);
  assert.ok(await page.locator(".curve .mark:visible").count() > 0);
  assert.equal(await page.locator(".curve .number:visible").first().innerHTML(), "1");
  assert.ok(await page.locator(".curve .usual:visible").count() > 0);
  assert.ok(await page.locator(".curve .peak:visible").count() > 0);
  const process = page.locator(".processes li", { hasText: "rsync" }).first();
  assert.equal(await process.locator(".opened").isVisible(), false);
  await process.locator("summary").press("Enter");
  const opened = await process.locator(".opened").innerText();
  assert.match(opened, /Remote\s+Received\s+Sent\s+Seen/);
  assert.match(opened, /Service\s+Received\s+Sent\s+Seen/);
}));

test("the curve reads out its values, by pointer and by keyboard", () => visit("busy", {}, async (page) => {
  const reader = page.getByRole("slider");
  const box = await reader.boundingBox();
  const value = page.locator("#chart .value");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  assert.match(await value.innerText(), /^1[12]:\d\d–1[12]:\d\d: received .*B\/s \(peak .*B\/s\), sent .*B\/s/);
  await reader.focus();
  await page.keyboard.press("Home");
  assert.match(await value.innerText(), /^00:00–00:05: /);
  assert.equal(await reader.getAttribute("aria-valuenow"), "0");
  for (const key of ["ArrowRight", "ArrowRight", "PageUp"]) await page.keyboard.press(key);
  assert.match(await reader.getAttribute("aria-valuetext"), /^01:10–01:15: /);
  assert.equal(await reader.getAttribute("aria-valuetext"), await value.innerText());
  await page.keyboard.press("End");
  assert.match(await value.innerText(), /^23:55–00:00: /);
  // Of the gap from 05:00 to 05:40 nothing is known.
  await page.mouse.move(box.x + box.width * (66 + 876 * 5.3 / 24) / 960, box.y + 20);
  assert.match(await value.innerText(), /^05:\d\d–05:\d\d: not observed$/);
  assert.equal(await page.locator(".cursor:visible").count(), 1);
}));

test("an index leads to the pages of its days", () => visit("index", {}, async (page) => {
  const links = page.locator("main th a");
  assert.deepEqual(await links.allInnerTexts(), ["Mon 23 Feb", "Sun 22 Feb"]);
  for (const href of await links.evaluateAll((all) => all.map((link) => link.href))) {
    assert.ok(fs.existsSync(new URL(href)), href);
  }
  assert.match(await page.locator("tbody tr").first().innerText(), /rsync/);
}));

test("connections are searched", () => visit("busy", {}, async (page) => {
  await openConnections(page);
  const rows = page.locator("#list tbody tr:visible");
  const all = await rows.count();
  assert.equal(all, 50);
  const process = await page.locator("#list tbody tr td:first-child").first().innerText();
  await page.fill("#search", `${process.toUpperCase()} tcp`);
  const found = await rows.count();
  assert.ok(found > 0 && found < all);
  assert.equal(await page.locator("#found").innerText(), `${found} of ${all}`);
  for (const text of await rows.allInnerTexts()) {
    assert.ok(text.includes(process) && text.includes("tcp"), text);
  }
  await page.fill("#search", "no such thing");
  assert.equal(await rows.count(), 0);
  await page.fill("#search", "");
  assert.equal(await rows.count(), all);
}));

test("connections are sorted by any column, numbers as numbers, by keyboard too", () => visit("busy", {}, async (page) => {
  await openConnections(page);
  const column = (at) => page.locator(`#list tbody td:nth-child(${at})`);
  const bytes = async (at) => (await column(at).evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.v))));
  const isOrdered = (list, compare) => list.every((value, at) => at === 0 || compare(list[at - 1], value) <= 0);
  const head = (at) => page.locator(`#list thead th:nth-child(${at})`);
  await head(7).getByRole("button").click();
  assert.equal(await head(7).getAttribute("aria-sort"), "descending");
  assert.ok(isOrdered(await bytes(7), (a, b) => b - a));
  await head(7).getByRole("button").press("Enter");
  assert.equal(await head(7).getAttribute("aria-sort"), "ascending");
  assert.ok(isOrdered(await bytes(7), (a, b) => a - b));
  await head(1).getByRole("button").click();
  assert.equal(await head(7).getAttribute("aria-sort"), null);
  const collator = new Intl.Collator("en", { numeric: true });
  assert.ok(isOrdered(await column(1).allInnerTexts(), collator.compare));
  await head(3).getByRole("button").click();
  const ports = await column(3).allInnerTexts();
  assert.ok(isOrdered(ports.map(Number), (a, b) => a - b));
}));

test("the theme is the system's until it is switched, and stays switched", () => visit("quiet", { colorScheme: "dark" }, async (page) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  assert.equal(await page.locator("#theme").innerText(), "Light");
  await page.click("#theme");
  const light = await background();
  assert.notEqual(light, dark);
  await page.emulateMedia({ colorScheme: "light" });
  assert.equal(await background(), light);
  await page.click("#theme");
  assert.equal(await background(), dark);
}));

test("hostile names are text", () => visit("hostile", {}, async (page) => {
  await page.mouse.move(400, 400);
  assert.equal(await page.evaluate(() => window.attacked), undefined);
  assert.equal(await page.locator("main script, main img, main svg[onload], main [onmouseover], main [style]").count(), 0);
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  const text = await page.locator("main").innerText();
  for (const shown of ["<script>window.attacked=1</script>", "<img src=x onerror=window.attacked=1>",
    "{{ 7*7 }}{% raw %}", "&lt;b&gt; &amp; &#60;", "\\u{202e}gnp.exe", "\\u{1b}[31mred\\u{1b}]0;title\\u{7}", "tab\\u{9}here"]) {
    assert.ok(text.includes(shown), shown);
  }
  assert.doesNotMatch(await page.content(), /[\u202a-\u202e\u2066-\u2069\u200b\ufeff\u001b]/);
  const link = page.locator("#list a.full").first();
  await link.click();
  const full = page.locator("#names ~ dl :target dd");
  assert.ok((await full.innerText()).length >= 4000);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
}));

test("the policy stops what is not the page's own", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const html = fs.readFileSync(file("quiet"), "utf8")
    .replace("</main>", "<script>window.attacked=1</script><p id=p style='color:red'>x</p><img src='file:///x.png'></main>");
  const target = path.join(process.env.PAGES, "tampered.html");
  fs.writeFileSync(target, html);
  const refused = [];
  page.on("requestfailed", (request) => refused.push(`${request.url()} ${request.failure().errorText}`));
  await page.goto(pathToFileURL(target).href);
  assert.equal(await page.evaluate(() => window.attacked), undefined);
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.getElementById("p")).color), "rgb(255, 0, 0)");
  assert.deepEqual(refused, ["file:///x.png csp"]);
  await context.close();
});

test("it prints on white paper, all of it", () => visit("busy", { colorScheme: "dark" }, async (page) => {
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await page.locator("#theme").isVisible(), false);
  assert.equal(await page.locator("#search").isVisible(), false);
  assert.equal(await page.locator("nav").isVisible(), false);
  if (process.env.SCREENSHOTS) {
    await page.screenshot({ path: path.join(process.env.SCREENSHOTS, "busy-print.png"), fullPage: true });
  }
  const pdf = await page.pdf({ format: "A4", margin: { top: "15mm", bottom: "15mm", left: "12mm", right: "12mm" } });
  assert.ok(pdf.length > 20_000);
  if (process.env.SCREENSHOTS) fs.writeFileSync(path.join(process.env.SCREENSHOTS, "busy.pdf"), pdf);
}));
