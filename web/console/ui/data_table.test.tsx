import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Problem } from "#shared/problem.ts";
import { around, show, stage } from "../test_world.tsx";
import { DataTable } from "./data_table.tsx";
import { firstPageWithRows, type List } from "./list.ts";

const LIST: List<string> = {
  rows: ["Asha", "Ravi", "Meera"],
  error: null,
  isLoading: false,
  isStale: false,
  pageNumber: 1,
  hasPrevious: false,
  hasNext: true,
  previous: () => undefined,
  next: () => undefined,
  retry: () => undefined,
};

async function showTable(list: Partial<List<string>>, onOpen?: (row: string) => void) {
  await show(
    around(
      stage({}).world,
      <DataTable
        label="Customers"
        columns={[{ id: "name", header: "Name", cell: (row: string) => <a href={`/${row}`}>{row}</a> }]}
        list={{ ...LIST, ...list }}
        rowKey={(row) => row}
        {...(onOpen ? { onOpen } : {})}
        empty={<p>Nobody fits</p>}
      />,
    ),
  );
}

test("j and k move from row to row, Enter opens the one", async () => {
  const onOpen = vi.fn();
  await showTable({}, onOpen);
  const user = userEvent.setup();
  await user.keyboard("jjk");
  expect(document.activeElement?.textContent).toBe("Asha");
  await user.keyboard("j{Enter}");
  expect(onOpen).toHaveBeenCalledExactlyOnceWith("Ravi");
});

test("a click on the row opens it, a click on its link is the link's", async () => {
  const onOpen = vi.fn();
  await showTable({}, onOpen);
  screen.getByRole("link", { name: "Asha" }).addEventListener("click", (event) => event.preventDefault());
  await userEvent.click(screen.getByRole("link", { name: "Asha" }));
  expect(onOpen).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("row", { name: "Meera" }));
  expect(onOpen).toHaveBeenCalledExactlyOnceWith("Meera");
});

test("says why it is empty, and shows the shape of rows while they load", async () => {
  await showTable({ rows: [], hasNext: false });
  expect(screen.getByText("Nobody fits")).toBeTruthy();
  await showTable({ rows: [], isLoading: true });
  expect(document.querySelectorAll(".skeleton").length).toBeGreaterThan(5);
});

test("an error says what the API said, and can be tried again", async () => {
  const retry = vi.fn();
  await showTable({
    rows: [],
    error: new Problem(403, "permission_denied", "Your role does not allow it."),
    retry,
  });
  expect(screen.getByRole("alert").textContent).toContain("Your role does not allow it.");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(retry).toHaveBeenCalledTimes(1);
});

test("whoever came by a link to a page goes back to the first one", async () => {
  const previous = vi.fn();
  await showTable({ pageNumber: null, hasPrevious: true, previous });
  await userEvent.click(screen.getByRole("button", { name: "First page" }));
  expect(previous).toHaveBeenCalledTimes(1);
});

test("empty pages with a next one are passed over, within a bound", async () => {
  const pages = { start: ["", "a"], a: ["", "b"], b: ["row", "c"] } as Record<string, [string, string]>;
  const read = vi.fn(async (cursor: string | undefined) => {
    const [row, next] = pages[cursor ?? "start"] ?? ["", "again"];
    return { items: row ? [row] : [], next_cursor: next };
  });
  expect(await firstPageWithRows(read, undefined)).toEqual({ items: ["row"], next_cursor: "c" });
  expect(read).toHaveBeenCalledTimes(3);
  expect((await firstPageWithRows(read, "endless")).items).toEqual([]);
  expect(read.mock.calls.length).toBeLessThan(40);
});
