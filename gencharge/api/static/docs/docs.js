"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// The document's example of an Idempotency-Key stands for a fresh one. A key that somebody typed is sent as it is,
// because sending the same one again is worth trying, too.
const EXAMPLE_KEY = "5f0c2f2e-1c1c-4a7e-9a51-0a4f6c1f3f10";
// The challenge of the last code that was asked for on this page stands in for the document's example of one.
const EXAMPLE_CHALLENGE = "wV3xq0J8yT5mZr2KcPn7Lg";
let challenge = EXAMPLE_CHALLENGE;
const keepChallenge = (answer) => { if (answer && answer.challenge_id) challenge = answer.challenge_id; };
const freshKey = () => `try-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;

// The part of the document that is shown: `/docs?part=/openapi-staff.json` begins with the staff's.
const part = document.getElementById("part");
const asked = new URLSearchParams(location.search).get("part");
if ([...part.options].some((option) => option.value === asked)) part.value = asked;

const ui = SwaggerUIBundle({
  url: part.value,
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  persistAuthorization: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: -1,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (request.headers && request.headers["Idempotency-Key"] === EXAMPLE_KEY) request.headers["Idempotency-Key"] = freshKey();
    if (typeof request.body === "string") request.body = request.body.replaceAll(EXAMPLE_CHALLENGE, challenge);
    return request;
  },
  responseInterceptor: (response) => {
    keepChallenge(response.body);
    return response;
  },
});

part.addEventListener("change", () => {
  ui.specActions.updateUrl(part.value);
  ui.specActions.download(part.value);
  history.replaceState(null, "", `/docs?part=${part.value}`);
});

const form = document.getElementById("sign-in");
const say = (text, bad = false) => {
  const output = form.querySelector("output");
  output.textContent = text;
  output.classList.toggle("bad", bad);
};

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) {
    const fields = (answer.errors || []).map((problem) => `${problem.field}: ${problem.message}`).join("; ");
    throw new Error(fields || answer.detail || answer.title);
  }
  return answer;
}

let codeSentTo = "";
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { phone_number, otp } = Object.fromEntries(new FormData(form));
  try {
    // A code that is already in the field is the fixed one of a sample number; it still has to be asked for.
    if (codeSentTo !== phone_number) {
      keepChallenge(await post("/v1/auth/login", { phone_number }));
      codeSentTo = phone_number;
    }
    if (!otp) {
      form.elements.otp.focus();
      return say("A code was sent to this number. Enter it and sign in.");
    }
    const answer = await post("/v1/auth/verify-otp-login", { phone_number, challenge_id: challenge, otp });
    codeSentTo = "";
    ui.authActions.authorizeOauth2WithPersistOption({
      auth: { name: "PhoneAndOtp", schema: ui.specSelectors.securityDefinitions().get("PhoneAndOtp"), scopes: [] },
      token: { access_token: answer.access_token, token_type: "bearer" },
    });
    say(`Signed in as ${phone_number}. Open a route below and execute it.`);
  } catch (problem) {
    codeSentTo = "";
    say(problem.message, true);
  }
});
