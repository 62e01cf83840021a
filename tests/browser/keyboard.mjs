// With the keyboard alone: over the skip link to a run, a box and a button; the focus can always be seen.
import assert from "node:assert/strict";
import { given, go, noComplaints, open, scenario, shot } from "./open.mjs";

const focused = (page) => page.evaluate(() => {
  const at = document.activeElement;
  return { text: (at.innerText || at.value || at.name || "").trim(), id: at.id, tag: at.tagName, outline: getComputedStyle(at).outlineStyle };
});

/** Tabs until something is reached. */
async function tabTo(page, is, what) {
  for (let n = 0; n < 120; n += 1) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    assert.notEqual(at.tag, "BODY", `${what} cannot be reached`);
    assert.notEqual(at.outline, "none", `the focus on ${at.tag} ${at.text} cannot be seen`);
    if (is(at)) return;
  }
  assert.fail(`${what} cannot be reached`);
}

/** Another page of the same run, of which a part changes while the focus is on a button in it. */
async function changesUnderFocus(page) {
  const other = await page.context().newPage();
  let change;
  const changed = new Promise((resolve) => { change = resolve; });
  await other.route("**/runs/*/live", async (route) => route.fulfill({ contentType: "text/event-stream", body: await changed }));
  await other.goto(page.url());
  const html = await other.evaluate(() => document.querySelector("[data-live]").innerHTML);
  await tabTo(other, (at) => at.text === "Cancel the run", "the second button");
  change(`event: page\n${html.replace("Cancel the run", "Cancel it now").split("\n").map((line) => `data: ${line}\n`).join("")}\n`);
  await other.getByText("Cancel it now").waitFor();
  assert.equal((await focused(other)).text, "Cancel it now", "live parts do not take the focus away");
  await other.close();
}

await scenario(async () => {
  const page = await open("alice");
  await go(page, "/installations");
  await page.keyboard.press("Tab");
  assert.equal((await focused(page)).text, "Skip to the content");
  const menu = page.locator("#me");
  await tabTo(page, (at) => at.text.endsWith("alice"), "the menu");
  await page.keyboard.press("Enter");
  await tabTo(page, (at) => at.text === "Sign out everywhere", "what is in the menu");
  await shot(page, "menu", { fullPage: false });
  await page.keyboard.press("Escape");
  assert.deepEqual([await menu.getAttribute("open"), (await focused(page)).tag], [null, "SUMMARY"]);
  await page.evaluate(() => document.querySelector(".skip").focus());
  await page.keyboard.press("Enter");
  assert.equal((await focused(page)).id, "content");
  await tabTo(page, (at) => at.text === "acme", "the installation");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/installations/*");
  await tabTo(page, (at) => at.text === given.title, "the run");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/runs/*");

  await tabTo(page, (at) => at.id === "tick-2", "a box");
  assert.equal(await page.evaluate(() => {
    const { x, y, width, height } = document.activeElement.getBoundingClientRect();
    return document.elementFromPoint(x + width / 2, y + height / 2) === document.activeElement;
  }), true, "the bar that stays hides nothing that has the focus");
  await shot(page, "bar", { fullPage: false });
  await page.keyboard.press("Space");
  await changesUnderFocus(page);
  await page.evaluate(() => document.getElementById("content").focus());
  await tabTo(page, (at) => at.text === `Create ${given.items - 1} issues`, "the button");
  await page.keyboard.press("Enter");
  await page.locator("#run-head .badge").getByText("Completed").waitFor();
  noComplaints(page);
});
