/// The second factor: a dialog before what is dangerous, and a page before everything else where a sign-in needs it.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { data } from "#shared/api.ts";
import type { Tokens } from "#shared/session.ts";
import { Button, TextField } from "#ui/controls.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Form } from "#ui/form.tsx";
import { Skeleton } from "#ui/layout.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { useServices } from "#ui/services.tsx";
import { Reference } from "#ui/values.tsx";
import type { StepUpPrompt } from "./step_up.ts";
import { useFrameWords } from "./words.ts";

// Only who sets a second factor up needs it.
const QrCode = lazy(async () => ({ default: (await import("./qr_code.tsx")).QrCode }));

/// Asks for a code. `onDone` is called with the session's new token in place.
export function VerifyFactor({ onDone, onCancel }: { onDone: () => void; onCancel?: () => void }) {
  const { api } = useServices();
  const status = useQuery({
    queryKey: ["auth", "second-factor"],
    queryFn: () => data(api.GET("/v1/auth/second-factor")),
    gcTime: 0,
    staleTime: 0,
  });
  if (status.isPending) return <Skeleton lines={3} />;
  if (status.error) return <ProblemNote error={status.error} onRetry={() => void status.refetch()} />;
  if (status.data.enrolled) return <AppCode onDone={onDone} onCancel={onCancel} />;
  if (status.data.required) return <SetUpFactor onDone={onDone} />;
  return <MessageCode onDone={onDone} onCancel={onCancel} />;
}

interface Verifying {
  onDone: () => void;
  onCancel?: (() => void) | undefined;
}

function AppCode({ onDone, onCancel }: Verifying) {
  const words = useFrameWords().factor;
  const { api, session } = useServices();
  const [isRecovering, setIsRecovering] = useState(false);
  return (
    <Form
      submitLabel={words.verify}
      {...(onCancel ? { onCancel } : {})}
      act={async (values) => {
        const body = isRecovering
          ? { recovery_code: values.recovery_code ?? "" }
          : { code: values.code ?? "" };
        session.keep(await data(api.POST("/v1/auth/second-factor/verify", { body })));
        onDone();
      }}
    >
      {isRecovering ? (
        <TextField
          key="recovery"
          name="recovery_code"
          label={words.recoveryCode}
          autoComplete="off"
          isRequired
          autoFocus
        />
      ) : (
        <TextField
          key="code"
          name="code"
          label={words.code}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={6}
          isRequired
          autoFocus
          className="code"
        />
      )}
      <Button kind="quiet" className="start" onPress={() => setIsRecovering(!isRecovering)}>
        {isRecovering ? words.useApp : words.recovery}
      </Button>
    </Form>
  );
}

function MessageCode({ onDone, onCancel }: Verifying) {
  const words = useFrameWords().factor;
  const { api, session } = useServices();
  // One code for one opening of the dialog, whatever renders it again.
  const sent = useQuery({
    queryKey: ["auth", "second-factor", "otp"],
    queryFn: () => data(api.POST("/v1/auth/second-factor/otp")),
    retry: false,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (sent.isPending) return <Skeleton lines={3} />;
  if (sent.error) return <ProblemNote error={sent.error} onRetry={() => void sent.refetch()} />;
  return (
    <Form
      submitLabel={words.verify}
      {...(onCancel ? { onCancel } : {})}
      act={async (values) => {
        const body = { otp: values.otp ?? "", challenge_id: sent.data.challenge_id };
        session.keep(await data(api.POST("/v1/auth/second-factor/verify", { body })));
        onDone();
      }}
    >
      <p className="muted">{words.otpLead}</p>
      <TextField
        name="otp"
        label={words.otp}
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

/// For an admin who must have a second factor, and has none yet.
export function SetUpFactor({ onDone }: { onDone: () => void }) {
  const words = useFrameWords().factor;
  const { api, session } = useServices();
  const [confirmed, setConfirmed] = useState<(Tokens & { recovery_codes: string[] }) | null>(null);
  const prepared = useQuery({
    queryKey: ["auth", "second-factor", "setup"],
    queryFn: () => data(api.POST("/v1/auth/second-factor/setup")),
    retry: false,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (confirmed) {
    return (
      <div className="stack">
        <h2>{words.codesTitle}</h2>
        <p className="muted">{words.codesLead}</p>
        <pre className="codes">{confirmed.recovery_codes.join("\n")}</pre>
        <Button kind="primary" onPress={onDone}>
          {words.kept}
        </Button>
      </div>
    );
  }
  if (prepared.isPending) return <Skeleton lines={4} />;
  if (prepared.error) return <ProblemNote error={prepared.error} onRetry={() => void prepared.refetch()} />;
  return (
    <Form
      submitLabel={words.activate}
      act={async (values) => {
        const answer = await data(
          api.POST("/v1/auth/second-factor/confirm", { body: { code: values.code ?? "" } }),
        );
        session.keep(answer);
        setConfirmed(answer);
      }}
    >
      <p className="muted">{words.setUpLead}</p>
      <Suspense fallback={<div className="qr skeleton" />}>
        <QrCode text={prepared.data.uri} label={words.qr} />
      </Suspense>
      <p>
        {words.key}: <Reference value={prepared.data.secret} />
      </p>
      <p>
        <a href={prepared.data.uri}>{words.openApp}</a>
      </p>
      <TextField
        name="code"
        label={words.code}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={6}
        isRequired
        className="code"
      />
    </Form>
  );
}

/// The dialog before what is dangerous.
export function StepUpDialog({ prompt }: { prompt: StepUpPrompt }) {
  const words = useFrameWords().factor;
  const [isAsked, setIsAsked] = useState(false);
  useEffect(() => prompt.watch(setIsAsked), [prompt]);
  return (
    <Dialog
      title={words.verifyTitle}
      isOpen={isAsked}
      onClose={() => prompt.answer(false)}
      className="narrow"
    >
      <p className="muted">{words.stepUpLead}</p>
      <VerifyFactor onDone={() => prompt.answer(true)} onCancel={() => prompt.answer(false)} />
    </Dialog>
  );
}
