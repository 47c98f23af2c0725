import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { button, fill, openPage, rows, sent } from "../test_pages.tsx";

const FILE = {
  report_file_id: "f1",
  report: "users",
  format: "csv",
  filters: { from: "2026-11-01" },
  status: "ready",
  rows: 1_200,
  total_rows: 1_200,
  percent: 100,
  seconds_left: null,
  size_bytes: 52_000,
  failure: null,
  created_at: "2026-11-22T00:00:00Z",
  ended_at: null,
  expires_at: "2026-11-29T00:00:00Z",
};
const KINDS = rows({
  name: "users",
  title: "Customers",
  about: "All of them.",
  columns: [],
  filters: ["from", "status"],
});

test("a report is asked for with what was filled in, and its file is taken from a signed address", async () => {
  const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
  const { requests } = await openPage("/reports", {
    "GET /v1/reports": KINDS,
    "GET /v1/reports/files": rows(FILE),
    "POST /v1/reports/files": { ...FILE, status: "waiting" },
    "POST /v1/reports/files/f1/link": {
      url: "https://api.example/v1/reports/files/f1/content?until=1",
      expires_at: "",
    },
  });
  const user = userEvent.setup();
  await user.click(await button(/^Download/));
  await vi.waitFor(() => expect(click).toHaveBeenCalledOnce());
  const link = click.mock.contexts[0] as HTMLAnchorElement;
  // On this page's origin: the API may know itself by another name.
  expect(link.href).toBe(`${location.origin}/v1/reports/files/f1/content?until=1`);
  await user.click(await button("Build a report"));
  const dialog = await screen.findByRole("dialog");
  fill(await within(dialog).findByLabelText("From"), "2026-11-05");
  await user.click(within(dialog).getByRole("button", { name: "Build a report" }));
  await screen.findByText("It is being built.");
  expect((await sent(requests, "POST /v1/reports/files"))[0]?.body).toEqual({
    report: "users",
    format: "csv",
    filters: { from: "2026-11-05" },
  });
});

test("a file that is being built shows how far it is", async () => {
  await openPage("/reports", {
    "GET /v1/reports": KINDS,
    "GET /v1/reports/files": rows({ ...FILE, status: "running", percent: 40, seconds_left: 90 }),
    "GET /v1/reports/files/f1": { ...FILE, status: "running", percent: 55, seconds_left: 61 },
  });
  const progress = (await screen.findByRole("progressbar")) as HTMLProgressElement;
  await vi.waitFor(() => expect(progress.value).toBe(55));
  expect(screen.getByText("1 min")).toBeTruthy();
});
