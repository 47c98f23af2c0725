import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { NoAnswer, Problem } from "#shared/problem.ts";
import { around, show, stage } from "../test_world.tsx";
import { TextField } from "./controls.tsx";
import { ActDialog, Form } from "./form.tsx";

type Act = (values: Record<string, string>, key: string) => Promise<void>;

async function showForm(act: Act) {
  await show(
    around(
      stage({}).world,
      <Form act={act} submitLabel="Send">
        <TextField name="reason" label="Reason" />
      </Form>,
    ),
  );
}

test("a double click acts once", async () => {
  let finish: () => void = () => undefined;
  const act = vi.fn<Act>(() => new Promise<void>((resolve) => (finish = resolve)));
  await showForm(act);
  const button = screen.getByRole("button", { name: "Send" });
  button.click();
  button.click();
  await waitFor(() => expect(act).toHaveBeenCalled());
  button.click();
  expect(act).toHaveBeenCalledTimes(1);
  finish();
});

test("a repeat after a lost answer has the same key, and what was typed is still there", async () => {
  const act = vi.fn<Act>().mockRejectedValueOnce(new NoAnswer()).mockResolvedValueOnce();
  await showForm(act);
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("Reason"), "fraud");
  await user.click(screen.getByRole("button", { name: "Send" }));
  await screen.findByRole("alert");
  expect((screen.getByLabelText("Reason") as HTMLInputElement).value).toBe("fraud");
  await user.click(screen.getByRole("button", { name: "Send" }));
  await waitFor(() => expect(act).toHaveBeenCalledTimes(2));
  expect(act.mock.calls[0]?.[1]).toMatch(/^[0-9a-f]{32}$/);
  expect(act.mock.calls[1]?.[1]).toBe(act.mock.calls[0]?.[1]);
});

test("a refusal stands at its field, the rest below with the request's id", async () => {
  const fields = [
    { field: "body.reason", message: "At least 3 letters", code: "short" },
    { field: "body.amount", message: "Too much", code: "large" },
  ];
  await showForm(() =>
    Promise.reject(new Problem(422, "validation_failed", "Check the fields.", fields, "req-7")),
  );
  await userEvent.click(screen.getByRole("button", { name: "Send" }));
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("Check the fields.");
  expect(alert.textContent).toContain("Too much");
  expect(alert.textContent).not.toContain("At least 3 letters");
  expect(alert.textContent).toContain("req-7");
  const reason = screen.getByLabelText("Reason");
  expect(
    document.getElementById(reason.getAttribute("aria-describedby")?.split(" ")[0] ?? "")?.textContent,
  ).toBe("At least 3 letters");
});

test("what can't be undone waits until the word is typed", async () => {
  const act = vi.fn<Act>().mockResolvedValue();
  await show(
    around(
      stage({}).world,
      <ActDialog
        title="Refund"
        submitLabel="Refund"
        typed="1004"
        isDangerous
        act={act}
        onClose={() => undefined}
      >
        <p>All of it</p>
      </ActDialog>,
    ),
  );
  const button = screen.getByRole("button", { name: "Refund" });
  expect(button.hasAttribute("disabled")).toBe(true);
  await userEvent.type(screen.getByLabelText("Type 1004 to confirm"), "1004");
  await userEvent.click(button);
  expect(act).toHaveBeenCalledTimes(1);
});
