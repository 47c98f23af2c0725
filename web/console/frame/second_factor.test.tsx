import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { type Answers, around, refusal, show, stage } from "../test_world.tsx";
import { StepUpDialog } from "./second_factor.tsx";

const FACTOR = {
  enrolled: true,
  required: true,
  due: false,
  confirmed_at: null,
  locked_until: null,
  recovery_codes_left: 9,
  given_at: null,
};
const VERIFIED = {
  access_token: "stepped-up",
  expires_in: 900,
  second_factor_at: "",
  recovery_codes_left: 9,
};

/// A page with an act that the API refuses until the second factor was verified.
async function begin(answers: Answers) {
  let isVerified = false;
  const { world, requests } = stage({
    "POST /v1/users/1/block": () => (isVerified ? { ok: true } : refusal(403, "step_up_required")),
    "POST /v1/auth/second-factor/verify": () => {
      isVerified = true;
      return VERIFIED;
    },
    ...answers,
  });
  world.session.begin({ access_token: "one", expires_in: 900 });
  await show(around(world, <StepUpDialog prompt={world.prompt} />));
  const block = () =>
    world.api.POST("/v1/users/{user_id}/block", {
      params: { path: { user_id: "1" } },
      body: { reason: "fraud" },
    });
  return { requests, block, user: userEvent.setup() };
}

test("the dialog asks for the app's code, and the act is repeated by itself", async () => {
  const { requests, block, user } = await begin({ "GET /v1/auth/second-factor": FACTOR });
  let isDone = false;
  act(() => void block().then(() => (isDone = true)));
  await user.type(await screen.findByLabelText("Code of the app"), "492039{Enter}");
  await waitFor(() => expect(isDone).toBe(true));
  const blocks = requests.filter((each) => each.url.endsWith("/block"));
  expect(blocks.map((each) => each.headers.get("Authorization"))).toEqual([
    "Bearer one",
    "Bearer stepped-up",
  ]);
  expect(await requests.find((each) => each.url.endsWith("/verify"))?.json()).toEqual({ code: "492039" });
});

test("without an app it sends one code by message, and takes that", async () => {
  const { requests, block, user } = await begin({
    "GET /v1/auth/second-factor": { ...FACTOR, enrolled: false, required: false },
    "POST /v1/auth/second-factor/otp": {
      challenge_id: "c-1",
      resend_after_seconds: 30,
      expires_in_seconds: 300,
      message: "",
    },
  });
  act(() => void block());
  await user.type(await screen.findByLabelText("Code by message"), "111111{Enter}");
  await waitFor(() => expect(requests.some((each) => each.url.endsWith("/verify"))).toBe(true));
  expect(requests.filter((each) => each.url.endsWith("/otp"))).toHaveLength(1);
  expect(await requests.find((each) => each.url.endsWith("/verify"))?.json()).toEqual({
    otp: "111111",
    challenge_id: "c-1",
  });
});

test("who closes the dialog is refused, and nothing was done", async () => {
  const { requests, block, user } = await begin({ "GET /v1/auth/second-factor": FACTOR });
  let problem: { code?: string } = {};
  act(() => void block().catch((error) => (problem = error)));
  await screen.findByLabelText("Code of the app");
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  await waitFor(() => expect(problem.code).toBe("step_up_required"));
  expect(requests.filter((each) => each.url.endsWith("/block"))).toHaveLength(1);
});
