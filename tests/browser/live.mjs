// A run from its preview by the button to created issues, and back by rollback, while somebody else watches without reloading.
import assert from "node:assert/strict";
import { fits, given, go, isAccessible, noComplaints, open, scenario, shot } from "./open.mjs";

await scenario(async () => {
  const page = await open("alice");
  const watching = await open("alice");
  await go(watching, given.run);
  await watching.evaluate(() => { window.stillHere = true; });
  const state = (of) => of.locator("#run-head .badge");
  await state(watching).getByText("Waits for confirmation").waitFor();

  // Words about time go on by the server's clock: two hours later they say so.
  const told = await watching.evaluate(() => {
    const time = document.querySelector("#run-head time[data-now]");
    time.dataset.now = new Date(Date.parse(time.dateTime) + 2 * 3600 * 1000).toISOString();
    document.dispatchEvent(new Event("visibilitychange"));
    return time.textContent; // all at once: what the server sends next has another element and its own words
  });
  assert.equal(told, "2 hours ago");

  // The way there: the list, the installation, the run.
  await go(page, "/");
  await page.getByRole("link", { name: "Your installations" }).click();
  await page.getByRole("link", { name: "acme" }).click();
  await page.getByRole("link", { name: given.title }).click();
  await page.getByRole("heading", { name: given.title, level: 1 }).waitFor();
  await page.waitForLoadState(); // with its scripts
  assert.equal(await page.locator(".graph .node").count() > 3, true, "the plan is drawn");
  assert.equal(await page.locator(".coverage tbody tr").count(), given.blocks);

  // An issue and its parts of the specification light up together.
  const row = page.locator(".coverage tr").filter({ hasText: given.spoken }).first();
  await row.hover();
  assert.equal(await page.locator("#run-items .item.lit").count(), 1);

  // What is ticked is counted, and a tick is kept while the page changes.
  const button = page.locator("button[data-ticked]");
  assert.equal(await button.textContent(), `Create ${given.items} issues`);
  await page.locator(`#tick-${given.left}`).uncheck();
  assert.equal(await button.textContent(), `Create ${given.items - 1} issues`);
  await isAccessible(page, "a preview with something unticked");
  await shot(page, "live-preview");
  await button.click();
  for (const one of [watching, page]) {
    await state(one).getByText("Completed").waitFor();
    assert.equal(await one.locator("#run-items .item.created").count(), given.items - 1);
    assert.equal(await one.locator("#run-items .item.dropped").count(), 1);
  }
  await watching.getByText("Show them").click();
  assert.equal(await watching.locator("#log-more a").count(), given.items - 5, "all but the first three and the last");
  assert.equal(await watching.evaluate(() => window.stillHere), true, "it was not reloaded");
  assert.match(await watching.locator("#heard").textContent(), /Completed/);
  assert.equal(await page.locator("#told").count(), 0, "what is over is not told as going on");
  await isAccessible(watching, "a run that went on by itself");
  await fits(watching, "a run that went on by itself");
  await shot(watching, "live-completed");

  // Back.
  await page.getByText("Roll back…").click();
  await page.getByRole("button", { name: "Roll back this run" }).click();
  await state(page).getByText("Rolled back").waitFor();
  assert.equal(await page.locator("#run-items .item.closed").count(), given.items - 1);
  assert.equal(await page.locator("#told").count(), 0, "what is over is not told as going on");
  await shot(page, "live-undone");

  // What the browser said twice is not done twice.
  await page.goBack();
  noComplaints(page);
  noComplaints(watching);
});
