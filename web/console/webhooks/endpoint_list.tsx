/// Endpoints of integrators: made, changed, tried, switched off.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, RowButton } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Facts, Page } from "#ui/layout.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant, Reference } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { EditEndpoint, NewEndpointDialog } from "./endpoint_form.tsx";
import { type Endpoint, useActs, useEndpoints } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { useText } from "./text.ts";

type Act = "open" | "edit" | "rotate" | "remove";

export function EndpointList() {
  const text = useText();
  const words = useWords();
  const { cursor } = listRoute.useSearch();
  const list = useEndpoints(cursor);
  const mayWrite = useMay()("Payments:write");
  const [isNew, setIsNew] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [chosen, setChosen] = useState<{ id: string; act: Act } | null>(null);
  const { rotate, remove } = useActs();
  // As it is now: another admin may have changed it since it was chosen.
  const endpoint = list.rows.find((each) => each.endpoint_id === chosen?.id);
  const close = () => setChosen(null);
  return (
    <Page
      title={text.title}
      lead={<Link to="/webhooks/deliveries">{text.log}</Link>}
      acts={
        mayWrite && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {words.create}
          </Button>
        )
      }
    >
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.endpoint_id}
        onOpen={(row) => setChosen({ id: row.endpoint_id, act: "open" })}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("url", text.url, (row) => (
            <RowButton onPress={() => setChosen({ id: row.endpoint_id, act: "open" })}>{row.url}</RowButton>
          )),
          column("events", text.events, (row) => row.events.join(", "), "minor"),
          column("operators", words.operators, (row) => row.operators.join(", ") || words.all, "minor"),
          column("status", words.status, (row) => (
            <Badge tone={row.is_active ? "good" : "bad"}>{row.is_active ? text.on : text.off}</Badge>
          )),
          column("failures", text.failures, (row) => row.failures, "end", "minor"),
        ]}
      />
      {isNew && <NewEndpointDialog onClose={() => setIsNew(false)} onMade={setSecret} />}
      {endpoint && chosen?.act === "open" && (
        <EndpointDialog
          endpoint={endpoint}
          mayWrite={mayWrite}
          onAct={(act) => setChosen({ id: endpoint.endpoint_id, act })}
          onClose={close}
        />
      )}
      {endpoint && chosen?.act === "edit" && <EditEndpoint endpoint={endpoint} onClose={close} />}
      {endpoint && chosen?.act === "rotate" && (
        <Confirm
          title={text.rotate}
          label={text.rotate}
          lead={text.rotateLead}
          done={text.rotated}
          onClose={close}
          act={async () => {
            setSecret((await rotate(endpoint)).secret);
            return "done";
          }}
        />
      )}
      {endpoint && chosen?.act === "remove" && (
        <Confirm
          title={text.removeTitle}
          label={words.remove}
          lead={words.removeLead}
          done={words.removed}
          isDangerous
          onClose={close}
          act={async () => {
            await remove(endpoint);
            return "done";
          }}
        />
      )}
      {secret !== null && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </Page>
  );
}

interface EndpointDialogProps {
  endpoint: Endpoint;
  mayWrite: boolean;
  onAct: (act: Act) => void;
  onClose: () => void;
}

function EndpointDialog({ endpoint, mayWrite, onAct, onClose }: EndpointDialogProps) {
  const text = useText();
  const words = useWords();
  const may = useMay();
  const { test, update } = useActs();
  const run = (act: Promise<unknown>, done: string) =>
    void act.then(
      () => {
        toast(done);
        onClose();
      },
      () => toast(words.failed),
    );
  return (
    <Dialog title={endpoint.description || text.endpoint} isOpen onClose={onClose} className="wide">
      <Facts
        facts={[
          [text.url, <Reference key="url" value={endpoint.url} />],
          [text.events, endpoint.events.join(", ")],
          [words.operators, endpoint.operators.join(", ") || words.all],
          [text.contact, endpoint.contact_email],
          [text.failures, endpoint.failures],
          endpoint.disabled_at !== null && [text.offSince, <Instant key="off" at={endpoint.disabled_at} />],
          endpoint.disabled_reason !== null && [words.reason, endpoint.disabled_reason],
          endpoint.previous_secret_until !== null && [
            text.oldSecret,
            <Instant key="old" at={endpoint.previous_secret_until} />,
          ],
        ]}
      />
      <div className="acts">
        <Link
          className="button button-link"
          to="/webhooks/deliveries"
          search={{ endpoint_id: endpoint.endpoint_id }}
        >
          {text.log}
        </Link>
        {may("Payments:edit") && (
          <Button onPress={() => run(test(endpoint), text.tested)}>{text.test}</Button>
        )}
        {mayWrite && (
          <>
            <Button onPress={() => run(update(endpoint, { is_active: !endpoint.is_active }), words.saved)}>
              {endpoint.is_active ? text.switchOff : text.switchOn}
            </Button>
            <Button onPress={() => onAct("edit")}>{words.edit}</Button>
            <Button onPress={() => onAct("rotate")}>{text.rotate}</Button>
          </>
        )}
        {may("Payments:delete") && <Button onPress={() => onAct("remove")}>{words.remove}</Button>}
      </div>
    </Dialog>
  );
}

function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const text = useText();
  return (
    <Dialog title={text.secret} isOpen onClose={onClose} isAlert>
      <p className="muted">{text.secretLead}</p>
      <Reference value={secret} />
      <Button kind="primary" onPress={onClose}>
        {text.kept}
      </Button>
    </Dialog>
  );
}
