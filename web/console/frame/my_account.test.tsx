import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, field, fill, openPage, rows, sent, submit } from "../test_pages.tsx";

const FACTOR = {
  enrolled: true,
  confirmed_at: "2026-11-01T00:00:00Z",
  locked_until: null,
  recovery_codes_left: 3,
  required: false,
  due: false,
  given_at: null,
};

async function open(factor: object, answers: object) {
  const stage = await openPage("/bills", {
    "GET /v1/bills/admin": rows(),
    "GET /v1/auth/second-factor": factor,
    ...answers,
  });
  await userEvent.click(document.querySelector(".account") as HTMLElement);
  await userEvent.click(await screen.findByRole("menuitem", { name: "My account" }));
  return stage;
}

test("another e-mail address is confirmed by the code that was sent to it", async () => {
  const { requests } = await open(FACTOR, {
    "PUT /v1/admins/me/email": { message: "", expires_in_seconds: 600, resend_after_seconds: 60 },
    "POST /v1/admins/me/email/confirm": new Response(null, { status: 204 }),
  });
  await userEvent.click(await button("Change my e-mail"));
  fill(await field("New e-mail address"), "ravi.iyer@example.com");
  await submit("Send a code");
  await screen.findByText(/sent to ravi.iyer@example.com/);
  fill(await field("Code from the e-mail"), "123456");
  await submit("Confirm the address");
  await screen.findByText("Your e-mail address is changed.");
  expect((await sent(requests, "PUT /v1/admins/me/email"))[0]?.body).toEqual({
    email: "ravi.iyer@example.com",
  });
  expect((await sent(requests, "POST /v1/admins/me/email/confirm"))[0]?.body).toEqual({ otp: "123456" });
});

test("new recovery codes are shown once, and the app can be given up where it is not required", async () => {
  const { requests } = await open(FACTOR, {
    "POST /v1/auth/second-factor/recovery-codes": { recovery_codes: ["aaaa-bbbb", "cccc-dddd"] },
    "DELETE /v1/auth/second-factor": new Response(null, { status: 204 }),
  });
  await userEvent.click(await button("New recovery codes"));
  await submit("New recovery codes");
  await screen.findByText(/aaaa-bbbb/);
  await userEvent.click(await button("I have kept them"));
  expect(screen.queryByText(/aaaa-bbbb/)).toBeNull();
  await userEvent.click(await button("Go without the app"));
  await submit("Go without the app");
  await screen.findByText("The app is no longer needed.");
  expect(await sent(requests, "DELETE /v1/auth/second-factor")).toHaveLength(1);
});

test("where every admin needs an app nobody can go without", async () => {
  await open({ ...FACTOR, required: true }, {});
  await screen.findByText("Recovery codes left");
  expect(screen.queryByRole("button", { name: "Go without the app" })).toBeNull();
});
