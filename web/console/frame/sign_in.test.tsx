import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { type Answers, around, refusal, show, stage } from "../test_world.tsx";
import { SignIn } from "./sign_in.tsx";

const SENT = {
  challenge_id: "wV3xq0J8yT5mZr2KcPn7Lg",
  resend_after_seconds: 30,
  expires_in_seconds: 300,
  message: "",
};

async function begin(answers: Answers) {
  const { world, requests } = stage({ "POST /v1/auth/login": SENT, ...answers });
  await show(around(world, <SignIn />));
  return { world, requests, user: userEvent.setup() };
}

test("a number is sent as E.164, the code with the challenge", async () => {
  const { world, requests, user } = await begin({
    "POST /v1/auth/verify-otp-login": { access_token: "one", expires_in: 900, kind: "admin" },
  });
  await user.type(screen.getByLabelText("Mobile number"), "90000 00001{Enter}");
  await user.type(await screen.findByLabelText("Code"), "111111{Enter}");
  await waitFor(() => expect(world.session.state).toBe("signed-in"));
  expect(await requests[0]?.json()).toEqual({ phone_number: "+919000000001" });
  expect(await requests[1]?.json()).toEqual({
    phone_number: "+919000000001",
    challenge_id: SENT.challenge_id,
    otp: "111111",
  });
  expect(requests.every((each) => each.headers.get("X-GenCharge-Client") === "console")).toBe(true);
});

test("what is no mobile number is said at the field, without a request", async () => {
  const { requests, user } = await begin({});
  await user.type(screen.getByLabelText("Mobile number"), "12345{Enter}");
  expect(await screen.findByText(/ten digits/)).toBeTruthy();
  expect(requests).toEqual([]);
});

test("a wrong code is said, and the next one can be typed at once", async () => {
  const { world, user } = await begin({ "POST /v1/auth/verify-otp-login": refusal(401, "otp_invalid") });
  await user.type(screen.getByLabelText("Mobile number"), "9000000001{Enter}");
  await user.type(await screen.findByLabelText("Code"), "222222{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("Refused: otp_invalid.");
  expect(world.session.state).toBe("signed-out");
});

test("a customer is signed out again, told why, and never signed in here", async () => {
  const { world, requests, user } = await begin({
    "POST /v1/auth/verify-otp-login": { access_token: "of-a-customer", expires_in: 900, kind: "user" },
    "POST /v1/auth/logout": new Response(null, { status: 204 }),
  });
  const states: string[] = [];
  world.session.subscribe(() => states.push(world.session.state));
  await user.type(screen.getByLabelText("Mobile number"), "9000001001{Enter}");
  await user.type(await screen.findByLabelText("Code"), "111111{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("belongs to a customer");
  expect(requests.at(-1)?.url).toContain("/v1/auth/logout");
  expect(requests.at(-1)?.headers.get("Authorization")).toBe("Bearer of-a-customer");
  expect(states).toEqual([]);
});
