import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { button, fill, openPage, rows, sent } from "../test_pages.tsx";

const REQUEST = {
  user_id: "u1",
  kyc_request_id: "k1",
  tier: "full",
  document: "passport",
  status: "pending",
  created_at: "2026-11-22T00:00:00Z",
  decided_at: null,
  decided_by: null,
  decision_note: null,
};

test("a request is approved on what was seen", async () => {
  const { requests } = await openPage("/customers/kyc", {
    "GET /v1/users/kyc-requests": rows(REQUEST),
    "POST /v1/users/u1/kyc-requests/k1/approve": REQUEST,
  });
  expect((await sent(requests, "GET /v1/users/kyc-requests"))[0]?.query.status).toBe("pending");
  await userEvent.click(await button("Approve"));
  fill(await screen.findByLabelText("What you have seen"), "passport, in the branch");
  await userEvent.click(screen.getAllByRole("button", { name: "Approve" }).at(-1) as HTMLElement);
  await screen.findByText("The customer has the full tier.");
  expect((await sent(requests, "POST /v1/users/u1/kyc-requests/k1/approve"))[0]?.body).toEqual({
    evidence: "passport, in the branch",
  });
});
