// Without scripts: signing in, looking, confirming what is ticked, and looking again.
import assert from "node:assert/strict";
import { given, go, noComplaints, open, scenario } from "./open.mjs";

await scenario(async () => {
  const page = await open("alice", { javaScriptEnabled: false });
  await go(page, given.run);
  await page.getByRole("link", { name: "Look again" }).waitFor();
  await page.locator(`#tick-${given.left}`).uncheck();
  await page.getByRole("button", { name: "Leave out the unticked" }).click();
  await page.getByText("Left out. They stay in the list").waitFor();
  assert.equal(await page.locator(`#tick-${given.left}`).isChecked(), false);
  // From the specification to the issue and back, by links alone.
  await page.locator(".coverage .chip").first().click();
  assert.match(page.url(), /#i\d+$/);

  await page.getByRole("button", { name: "Create the ticked issues" }).click();
  for (const begun = Date.now(); !(await page.locator("#run-head .badge").getByText("Completed").count());) {
    assert.ok(Date.now() - begun < 60_000, "it is never completed");
    await page.waitForTimeout(200);
    await go(page, given.run);
  }
  assert.equal(await page.locator("#run-items .item.created").count(), given.items - 1);

  await page.getByText("Roll back…").click();
  await page.getByRole("button", { name: "Roll back this run" }).click();
  for (const begun = Date.now(); !(await page.locator("#run-head .badge").getByText("Rolled back").count());) {
    assert.ok(Date.now() - begun < 60_000, "it is never rolled back");
    await page.waitForTimeout(200);
    await go(page, given.run);
  }
  await page.getByText("Signed in as alice").click();
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("link", { name: "Sign in", exact: true }).waitFor();
  noComplaints(page);
});
