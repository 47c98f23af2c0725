/// What an admin does with their own account: another e-mail address, the second factor, its recovery codes.
import { useState } from "react";
import { data } from "#shared/api.ts";
import { useAct, useThing } from "#ui/api.ts";
import { Button, TextField } from "#ui/controls.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Form } from "#ui/form.tsx";
import { Facts } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { useAdmin } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { toast } from "#ui/toasts.tsx";
import { Instant, Phone } from "#ui/values.tsx";
import { SetUpFactor } from "./second_factor.tsx";

const useText = texts({ en: () => import("./account.en.ts"), hi: () => import("./account.hi.ts") });

type Step =
  | { at: "overview" | "email" | "setup" | "codes" | "remove" }
  | { at: "confirm"; email: string }
  | { at: "kept"; codes: string[] };

export function MyAccount({ onClose }: { onClose: () => void }) {
  const text = useText();
  const [step, setStep] = useState<Step>({ at: "overview" });
  const back = () => setStep({ at: "overview" });
  const say = (done: string) => {
    toast(done);
    back();
  };
  return (
    <Dialog title={text.title} isOpen onClose={onClose}>
      {step.at === "overview" && <Overview go={setStep} />}
      {step.at === "email" && <NewEmail go={setStep} back={back} />}
      {step.at === "confirm" && <ConfirmEmail email={step.email} say={say} back={back} />}
      {step.at === "setup" && <SetUpFactor onDone={() => say(text.setUpDone)} />}
      {step.at === "codes" && <NewCodes go={setStep} back={back} />}
      {step.at === "kept" && <Codes codes={step.codes} back={back} />}
      {step.at === "remove" && <RemoveFactor say={say} back={back} />}
    </Dialog>
  );
}

type Go = (step: Step) => void;

function Overview({ go }: { go: Go }) {
  const text = useText();
  const admin = useAdmin();
  const factor = useThing(["account", "second-factor"], (api) => data(api.GET("/v1/auth/second-factor")));
  return (
    <div className="form">
      <Facts
        facts={[
          [text.name, admin.name],
          [text.role, admin.role],
          [text.phone, <Phone key="phone" number={admin.phone_number} />],
          [text.email, admin.email],
        ]}
      />
      <Button className="small start" onPress={() => go({ at: "email" })}>
        {text.changeEmail}
      </Button>
      <h3>{text.factor}</h3>
      <Loaded query={factor} lines={2}>
        {(status) => (
          <>
            <Facts
              facts={[
                [text.factor, status.enrolled ? text.inUse : text.notInUse],
                status.enrolled && [text.since, <Instant key="since" at={status.confirmed_at} />],
                status.enrolled && [text.codesLeft, status.recovery_codes_left],
              ]}
            />
            <span className="row">
              {status.enrolled ? (
                <>
                  <Button className="small" onPress={() => go({ at: "codes" })}>
                    {text.newCodes}
                  </Button>
                  {!status.required && (
                    <Button className="small" onPress={() => go({ at: "remove" })}>
                      {text.remove}
                    </Button>
                  )}
                </>
              ) : (
                <Button className="small" onPress={() => go({ at: "setup" })}>
                  {text.setUp}
                </Button>
              )}
            </span>
          </>
        )}
      </Loaded>
    </div>
  );
}

function NewEmail({ go, back }: { go: Go; back: () => void }) {
  const text = useText();
  const act = useAct();
  return (
    <Form
      submitLabel={text.sendCode}
      onCancel={back}
      act={async (values) => {
        const email = (values.email ?? "").trim();
        await act((api) => api.PUT("/v1/admins/me/email", { body: { email } }));
        go({ at: "confirm", email });
      }}
    >
      <p className="muted">{text.emailLead}</p>
      <TextField name="email" type="email" label={text.newEmail} isRequired autoFocus autoComplete="email" />
    </Form>
  );
}

interface StepProps {
  say: (done: string) => void;
  back: () => void;
}

function ConfirmEmail({ email, say, back }: StepProps & { email: string }) {
  const text = useText();
  const act = useAct("admins");
  return (
    <Form
      submitLabel={text.confirm}
      onCancel={back}
      act={async ({ otp = "" }) => {
        await act((api) => api.POST("/v1/admins/me/email/confirm", { body: { otp: otp.trim() } }));
        say(text.emailChanged);
      }}
    >
      <p className="muted">{text.codeLead(email)}</p>
      <TextField
        name="otp"
        label={text.code}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={6}
        isRequired
        autoFocus
        className="code"
      />
    </Form>
  );
}

function NewCodes({ go, back }: { go: Go; back: () => void }) {
  const text = useText();
  const act = useAct("account");
  return (
    <Form
      submitLabel={text.newCodes}
      onCancel={back}
      act={async () => {
        const { recovery_codes } = await act((api) =>
          data(api.POST("/v1/auth/second-factor/recovery-codes")),
        );
        go({ at: "kept", codes: recovery_codes });
      }}
    >
      <p className="muted">{text.newCodesLead}</p>
    </Form>
  );
}

function Codes({ codes, back }: { codes: string[]; back: () => void }) {
  const text = useText();
  return (
    <div className="form">
      <p className="note warn">{text.codesOnce}</p>
      <pre className="codes">{codes.join("\n")}</pre>
      <footer>
        <Button kind="primary" onPress={back}>
          {text.kept}
        </Button>
      </footer>
    </div>
  );
}

function RemoveFactor({ say, back }: StepProps) {
  const text = useText();
  const act = useAct("account");
  return (
    <Form
      submitLabel={text.remove}
      isDangerous
      onCancel={back}
      act={async () => {
        await act((api) => api.DELETE("/v1/auth/second-factor"));
        say(text.removed);
      }}
    >
      <p className="muted">{text.removeLead}</p>
    </Form>
  );
}
