// Settings: a wrong value is told under its field, a right one is in force at once, and both can be taken back.
import assert from "node:assert/strict";
import { fits, given, go, isAccessible, noComplaints, open, scenario, shot } from "./open.mjs";

await scenario(async () => {
  const page = await open("olivia");
  await go(page, given.installation);
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByRole("heading", { name: "Settings of acme" }).waitFor();
  const maximum = page.getByLabel("Most issues in a run");
  const labels = page.getByLabel("Labels on every issue");

  // The browser itself refuses what the field says is too much; the server does where the browser does not.
  await labels.fill("planned");
  await maximum.fill("900");
  await page.getByRole("button", { name: "Save settings" }).click();
  assert.equal(await maximum.evaluate((field) => field.validity.rangeOverflow), true);
  await page.evaluate(() => { for (const form of document.forms) form.noValidate = true; });
  await page.getByRole("button", { name: "Save settings" }).click();
  await page.getByText("Nothing was saved").waitFor();
  assert.equal(await maximum.getAttribute("aria-invalid"), "true");
  assert.equal((await labels.inputValue()).trim(), "planned", "what was typed is still here");
  await isAccessible(page, "settings with a fault");
  await shot(page, "settings-fault");

  await maximum.fill("20");
  await page.getByRole("button", { name: "Save settings" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.getByText("In force: 20, set here").waitFor();
  await isAccessible(page, "saved settings");
  await fits(page, "saved settings");
  await shot(page, "settings-saved");

  await page.getByRole("button", { name: /undo|go back/i }).first().click();
  await page.getByText("In force: 100, from the operator").waitFor();

  // Who may not change them does not find them.
  const alice = await open("alice");
  const refused = await go(alice, `${given.installation}/settings`);
  assert.equal([403, 404].includes(refused.status()), true);
  // A form that is refused is answered with the status that says so.
  page.complaints = page.complaints.filter((said) => !/status of 4(00|22)/.test(said));
  noComplaints(page);
});
