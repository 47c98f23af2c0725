/// Signing in: a number, then the code that was sent to it.
import { useEffect, useState } from "react";
import { data } from "#shared/api.ts";
import { formatPhone, parsePhone } from "#shared/phone.ts";
import { Problem } from "#shared/problem.ts";
import { Button, TextField } from "#ui/controls.tsx";
import { Form } from "#ui/form.tsx";
import { useServices } from "#ui/services.tsx";
import mark from "../mark.svg";
import { useFrameWords } from "./words.ts";

interface Sent {
  number: string;
  challengeId: string;
  /// Milliseconds since 1970, by this machine's clock.
  resendAt: number;
}

export function SignIn() {
  const words = useFrameWords();
  const { session } = useServices();
  const [sent, setSent] = useState<Sent | null>(null);
  const reasons: Record<string, string> = words.ended;
  const reason = session.endedBy && !sent ? (reasons[session.endedBy] ?? words.ended.other) : "";
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <p className="brand">
          <img src={mark} alt="" width="28" height="28" /> {words.product} <span>{words.console}</span>
        </p>
        {reason && (
          <p className="note warn" role="status">
            {reason}
          </p>
        )}
        {sent ? (
          <CodeForm sent={sent} onSent={setSent} onBack={() => setSent(null)} />
        ) : (
          <NumberForm onSent={setSent} />
        )}
      </div>
    </main>
  );
}

function useSendCode() {
  const { api } = useServices();
  return async (number: string): Promise<Sent> => {
    const answer = await data(api.POST("/v1/auth/login", { body: { phone_number: number } }));
    return {
      number,
      challengeId: answer.challenge_id,
      resendAt: Date.now() + answer.resend_after_seconds * 1000,
    };
  };
}

function NumberForm({ onSent }: { onSent: (sent: Sent) => void }) {
  const words = useFrameWords().signIn;
  const send = useSendCode();
  return (
    <>
      <h1>{words.title}</h1>
      <p className="muted">{words.lead}</p>
      <Form
        submitLabel={words.send}
        act={async (values) => {
          const number = parsePhone(values.phone_number ?? "");
          if (!number) {
            throw new Problem(422, "validation_failed", words.phoneInvalid, [
              { field: "phone_number", message: words.phoneInvalid, code: "invalid" },
            ]);
          }
          onSent(await send(number));
        }}
      >
        <TextField
          name="phone_number"
          label={words.phone}
          type="tel"
          inputMode="tel"
          autoComplete="tel-national"
          placeholder="98765 43210"
          isRequired
          autoFocus
          className="figures"
        />
      </Form>
    </>
  );
}

interface CodeFormProps {
  sent: Sent;
  onSent: (sent: Sent) => void;
  onBack: () => void;
}

function CodeForm({ sent, onSent, onBack }: CodeFormProps) {
  const { signIn: words, ended } = useFrameWords();
  const customersOnly = ended.users_only;
  const { api, session } = useServices();
  const send = useSendCode();
  const [resendProblem, setResendProblem] = useState("");
  const wait = useSecondsUntil(sent.resendAt);
  return (
    <>
      <h1>{words.codeTitle}</h1>
      <p className="muted">{words.codeLead(formatPhone(sent.number))}</p>
      <Form
        submitLabel={words.verify}
        act={async (values) => {
          const body = {
            phone_number: sent.number,
            challenge_id: sent.challengeId,
            otp: (values.otp ?? "").replace(/\s/g, ""),
          };
          const tokens = await data(api.POST("/v1/auth/verify-otp-login", { body }));
          if (tokens.kind === "user") {
            // Nothing of this session stays, and no page of the staff is shown for a moment.
            await api.POST("/v1/auth/logout", {
              headers: { Authorization: `Bearer ${tokens.access_token}` },
            });
            throw new Problem(403, "admins_only", customersOnly);
          }
          session.begin(tokens);
        }}
      >
        <TextField
          name="otp"
          label={words.code}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={6}
          isRequired
          autoFocus
          className="code"
        />
      </Form>
      {resendProblem && (
        <p className="note bad" role="alert">
          {resendProblem}
        </p>
      )}
      <div className="row between">
        <Button kind="quiet" onPress={onBack}>
          {words.otherNumber}
        </Button>
        <Button
          kind="quiet"
          isDisabled={wait > 0}
          onPress={() => {
            setResendProblem("");
            send(sent.number).then(onSent, (error: unknown) => {
              const problem = error instanceof Problem ? error : null;
              const after = problem?.retryAfterSeconds;
              setResendProblem(`${problem?.detail ?? ""} ${after ? words.retryIn(after) : ""}`.trim());
            });
          }}
        >
          {wait > 0 ? words.resendIn(wait) : words.resend}
        </Button>
      </div>
    </>
  );
}

/// Whole seconds until an instant, counted down.
function useSecondsUntil(instant: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil((instant - now) / 1000));
}
