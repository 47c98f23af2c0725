/// The console from the outside: signed out, signing in, signed in.
import { QueryClientProvider, useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { I18nProvider } from "react-aria-components";
import { data } from "#shared/api.ts";
import { Problem } from "#shared/problem.ts";
import { Button } from "#ui/controls.tsx";
import { Skeleton } from "#ui/layout.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { AdminProvider, ServicesProvider, useServices } from "#ui/services.tsx";
import { Boundary } from "./boundary.tsx";
import { StepUpDialog, VerifyFactor } from "./second_factor.tsx";
import { SignIn } from "./sign_in.tsx";
import { useFrameWords } from "./words.ts";
import { useLanguage, type World } from "./world.ts";

/// `Pages` shows the pages of somebody who is signed in.
export function App({ world, Pages }: { world: World; Pages: React.ComponentType }) {
  const [language, setLanguage] = useLanguage(world);
  return (
    <Boundary>
      <I18nProvider locale={language === "hi" ? "hi-IN" : "en-IN"}>
        <ServicesProvider value={{ ...world, language, setLanguage }}>
          <QueryClientProvider client={world.queries}>
            <Suspense fallback={<Splash />}>
              <Door Pages={Pages} />
              <StepUpDialog prompt={world.prompt} />
            </Suspense>
          </QueryClientProvider>
        </ServicesProvider>
      </I18nProvider>
    </Boundary>
  );
}

function Splash() {
  return (
    <div className="splash" aria-hidden="true">
      <Skeleton lines={3} />
    </div>
  );
}

function Door({ Pages }: { Pages: React.ComponentType }) {
  const { session } = useServices();
  const client = useQueryClient();
  const state = useSyncExternalStore(session.subscribe, session.getState);
  useEffect(() => {
    // What one person saw is not shown to the next one.
    if (state === "signed-out") client.clear();
  }, [state, client]);
  if (state === "unknown") return <Resume />;
  return state === "signed-in" ? <SignedIn Pages={Pages} /> : <SignIn />;
}

/// This browser was signed in before: ask whether it still is.
function Resume() {
  const { session, connection } = useServices();
  const [problem, setProblem] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt asks again
  useEffect(() => {
    let isHere = true;
    setProblem(null);
    session.token().catch((error: unknown) => {
      if (!isHere) return;
      setProblem(error);
      if (error instanceof Problem && error.isTransient) connection.unavailable();
    });
    const stop = connection.onReturn(() => setAttempt((number) => number + 1));
    return () => {
      isHere = false;
      stop();
    };
  }, [session, connection, attempt]);
  if (!problem) return <Splash />;
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <ProblemNote error={problem} onRetry={() => setAttempt(attempt + 1)} />
      </div>
    </main>
  );
}

function SignedIn({ Pages }: { Pages: React.ComponentType }) {
  const words = useFrameWords().factor;
  const { api, session, language, setLanguage } = useServices();
  const client = useQueryClient();
  const admin = useQuery({
    queryKey: ["admins", "me"],
    queryFn: () => data(api.GET("/v1/admins/me")),
    staleTime: 60_000,
  });
  const spoken = admin.data?.language;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what the account says, when it says something new
  useEffect(() => {
    if (spoken && spoken !== language && !localStorage.getItem("gencharge-language")) setLanguage(spoken);
  }, [spoken]);
  if (admin.isPending) return <Splash />;
  if (admin.data) {
    return (
      <AdminProvider value={admin.data}>
        <Pages />
      </AdminProvider>
    );
  }
  const isDue = admin.error instanceof Problem && admin.error.code === "second_factor_required";
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        {isDue ? (
          <>
            <h1>{words.verifyTitle}</h1>
            <VerifyFactor onDone={() => void client.invalidateQueries({ queryKey: ["admins", "me"] })} />
          </>
        ) : (
          <ProblemNote error={admin.error} onRetry={() => void admin.refetch()} />
        )}
        <Button
          kind="quiet"
          onPress={() => {
            void api.POST("/v1/auth/logout").catch(() => undefined);
            session.end();
          }}
        >
          {words.signOut}
        </Button>
      </div>
    </main>
  );
}
