// Uses a matrix as a person does, in a headless chromium, wide and light, narrow and dark: filters, sorts, reads the
// chart, opens a cell by mouse and by keys, puts another peer's octets beside it, sends the address to somebody. The
// console stays silent, the page asks for nothing, and axe has nothing against it, with a cell open or not.
// Usage: node drive-matrix.cjs [--pictures FOLDER] FILE…

const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { WAYS, launch, open, accuse } = require("./browser.cjs");

const problems = [];
const folder = process.argv[2] === "--pictures" ? process.argv[3] : undefined;
const files = process.argv.slice(folder ? 4 : 2);

/** What the filters leave, and that each leaves less than all. */
async function filter(page, expect) {
  const rows = page.locator(".matrix tbody tr:visible");
  const choose = (name, value) => page.locator(`#filter [name=${name}]`).selectOption(value);
  const total = await page.locator(".matrix tbody tr").count();
  await choose("worst", "all");
  expect((await rows.count()) === total, "some rules are out of sight when all are asked for");
  await choose("worst", "fail");
  const failing = await rows.count();
  expect(failing > 0 && failing < total, `${failing} of ${total} rules are left of those that are broken`);
  expect((await page.locator("#filter output").textContent()).startsWith(`${failing} of ${total} `), "another number is told");
  for (const name of ["rfc", "level", "harm"]) {
    const value = await page.locator(".matrix tbody tr[data-worst=fail]").last().getAttribute(`data-${name}`);
    await choose(name, value);
    const wanted = await page.locator(`.matrix tbody tr[data-worst=fail][data-${name}="${value}"]`).count();
    expect((await rows.count()) === wanted, `${name} ${value} leaves ${await rows.count()} rules, and not ${wanted}`);
    await choose(name, "");
  }
  await page.locator("#filter [name=text]").fill("no such rule");
  expect((await rows.count()) === 0, "the text filters nothing");
  await page.locator("#filter [name=text]").fill("");
  expect((await rows.count()) === failing, "without its filters the table is another");
}

/** Rows by number and by section, columns by failing cases, and the chart in the same order. */
async function sort(page, expect) {
  const choose = (name, value) => page.locator(`#filter [name=${name}]`).selectOption(value);
  const falls = (numbers) => numbers.every((one, at) => at === 0 || numbers[at - 1] >= one);
  const counts = async () => (await page.locator(".matrix tbody .count b").allTextContents()).map(Number);
  await choose("rules", "count");
  expect(falls(await counts()), "rules are not in the order of their numbers");
  await choose("rules", "section");
  const rfcs = await page.locator(".matrix tbody tr").evaluateAll((rows) => rows.map((row) => Number(row.dataset.rfc)));
  expect(falls(rfcs.toReversed()), "rules are not in the order of their sections");
  await choose("rules", "");
  const failing = new Map(await page.locator(".chart ol:first-of-type li").evaluateAll((items) =>
    items.map((item) => [item.querySelector(".name").textContent, parseInt(item.querySelector(".tally.fail").textContent.slice(1), 10)])));
  await choose("columns", "most");
  const heads = async () => (await page.locator(".matrix thead .peer").allTextContents())
    .slice(0, failing.size).map((name) => failing.get(name));
  expect(falls(await heads()), `peers are not in the order of their failing cases: ${await heads()}`);
  await choose("columns", "least");
  expect(falls((await heads()).toReversed()), `peers are not in that order the other way round: ${await heads()}`);
  await choose("columns", "name");
  const names = await page.locator(".matrix thead .peer").allTextContents();
  const sorted = names.toSorted((one, other) => one.localeCompare(other));
  expect(names.join() === sorted.join(), `peers are not in the order of their names: ${names}`);
}

/** Each peer has a bar that is full, and says its numbers to those who do not see it. */
async function chart(page, expect) {
  const bars = page.locator(".chart .bar");
  const peers = await page.locator(".matrix thead .peer").count();
  expect((await bars.count()) === peers, `${await bars.count()} bars for ${peers} peers`);
  const odd = await bars.evaluateAll((all) => all.filter((bar) => {
    const widths = [...bar.querySelectorAll("rect")].map((rect) => Number(rect.getAttribute("width")));
    return widths.reduce((sum, one) => sum + one, 0) !== 1000 || !/\d+ \w+/.test(bar.getAttribute("aria-label"));
  }).length);
  expect(odd === 0, `${odd} bars are not full, or have no words`);
  const summary = page.locator(".chart summary");
  await summary.click();
  expect((await page.locator(".chart .bar:visible").count()) === 0, "the chart does not fold");
  await summary.click();
}

/** Whether something comes to hold of the page: what a dialog does when it closes, it does in an event behind that. */
const comes = (page, test, argument) => page.waitForFunction(test, argument, { timeout: 5000 }).then(() => true, () => false);

/** A cell by mouse and by keys: its cases, two logs side by side, another peer, and back. */
async function drill(page, way, expect) {
  const cells = page.locator(".matrix tbody tr:visible td.f");
  const dialog = page.locator("dialog[open]");
  const beside = dialog.locator(".beside").first();
  const cell = cells.first();
  await cell.click();
  await beside.locator(".wire pre").first().waitFor();
  const shared = page.url();
  expect(/rule=.*peer=/.test(shared) && /worst=fail/.test(shared), `the address is ${shared}`);
  const peers = await dialog.locator("select option").count();
  for (let at = 1; at < Math.min(peers, 3); at++) {
    const wanted = await dialog.locator("select option").nth(at).textContent();
    await dialog.locator("select").selectOption({ index: at });
    await beside.locator("h4", { hasText: wanted }).waitFor();
    const names = await beside.locator("h4").allTextContents();
    expect(names.length === 2, `beside each other are ${names}`);
  }
  const boxes = await beside.locator(":scope > div").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  const isBeside = boxes.every((top) => top === boxes[0]);
  expect(isBeside === (way.viewport.width > 700), `two logs stand at ${boxes}`);
  await page.keyboard.press("Escape");
  expect(await comes(page, () => !document.querySelector("dialog[open]")), "Escape does not close the cell");
  const cellIsFocused = (one) => one === document.activeElement;
  expect(await comes(page, cellIsFocused, await cell.elementHandle()), "the focus does not go back to the cell");
  expect(await comes(page, () => !/rule=/.test(location.href)), "the address keeps a cell that is closed");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  expect(await comes(page, () => !document.querySelector("dialog[open]")), "its button does not close the cell");
  return shared;
}

async function drive(browser, file, way) {
  const complain = (words) => problems.push(`${path.basename(file)} (${way.name}): ${words}`);
  const expect = (is, words) => is || complain(words);
  const picture = async (page, what) => {
    const name = `${path.basename(file, ".html")}-${way.name.replace(", ", "-")}-${what}.png`;
    if (folder) await page.screenshot({ path: path.join(folder, name) });
  };
  const page = await open(browser, pathToFileURL(path.resolve(file)).href, way, complain);
  await picture(page, "page");
  await accuse(page, complain);
  await chart(page, expect);
  await filter(page, expect);
  await sort(page, expect);
  await page.locator("#rules").evaluate((one) => one.scrollIntoView());
  await picture(page, "rules");
  const shared = await drill(page, way, expect);
  const other = await open(browser, shared, way, complain);
  await other.locator("dialog[open] .wire pre").first().waitFor();
  const kept = await other.locator("#filter [name=worst]").inputValue();
  expect(kept === "fail", "the address brings no filter along");
  await picture(other, "cell");
  await accuse(other, complain);
  await page.close();
  await other.close();
}

async function main() {
  const browser = await launch();
  for (const file of files) {
    const before = problems.length;
    await Promise.all(WAYS.map((way) => drive(browser, file, way)));
    if (problems.length === before) {
      console.log(`pages: ${path.basename(file)} filters, sorts, and shows cells with two logs, wide and narrow`);
    }
  }
  await browser.close();
  for (const problem of problems) console.error(`pages: ${problem}`);
  process.exit(problems.length > 0 ? 1 : 0);
}

main();
