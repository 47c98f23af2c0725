/// What was delivered to integrators: each message with its attempts, and sending it again.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Button, RowButton } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Facts, Page } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Badge, Instant, Reference, type Tone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Delivery, useActs, useDeliveries, useDelivery } from "./queries.ts";
import { logRoute } from "./routes.tsx";
import { useText } from "./text.ts";

const TONES: Record<Delivery["status"], Tone> = {
  pending: "info",
  delivered: "good",
  failed: "bad",
  discarded: "neutral",
};

export function DeliveryList() {
  const text = useText();
  const words = useWords();
  const filters = logRoute.useSearch();
  const list = useDeliveries(filters);
  const [open, setOpen] = useState<Delivery | null>(null);
  return (
    <Page title={text.log} lead={<Link to="/webhooks">{text.title}</Link>}>
      <Filters
        values={filters}
        texts={[
          { name: "type", label: text.event, placeholder: "recharge.delivered" },
          { name: "endpoint_id", label: text.endpointId },
        ]}
        choices={[{ name: "status", label: words.status, options: optionsOf(text.statuses) }]}
      />
      <DataTable
        label={text.log}
        list={list}
        rowKey={(row) => row.delivery_id}
        onOpen={setOpen}
        empty={<Empty title={text.noDeliveries} />}
        columns={(column) => [
          column("type", text.event, (row) => <RowButton onPress={() => setOpen(row)}>{row.type}</RowButton>),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("attempts", text.attempts, (row) => row.attempts, "end"),
          column("next", text.next, (row) => <Instant at={row.next_attempt_at} />, "end", "minor"),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
        ]}
      />
      {open && <DeliveryDialog delivery={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function DeliveryDialog({ delivery, onClose }: { delivery: Delivery; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const query = useDelivery(delivery.delivery_id);
  const mayEdit = useMay()("Payments:edit");
  const { redeliver } = useActs();
  const [isBusy, setIsBusy] = useState(false);
  const again = async () => {
    setIsBusy(true);
    try {
      await redeliver(delivery.delivery_id);
      toast(text.redelivered);
      onClose();
    } catch {
      toast(words.failed);
      setIsBusy(false);
    }
  };
  return (
    <Dialog title={delivery.type} isOpen onClose={onClose} className="wide">
      <Loaded query={query} lines={6}>
        {(whole) => (
          <>
            <Facts
              facts={[
                [words.status, text.statuses[whole.status]],
                [text.messageId, <Reference key="id" value={whole.delivery_id} short />],
                [words.at, <Instant key="at" at={whole.created_at} />],
                [text.next, <Instant key="next" at={whole.next_attempt_at} />],
              ]}
            />
            <ul className="talk">
              {whole.log.map((attempt) => (
                <li key={attempt.attempt}>
                  <strong>{attempt.response_status ?? text.noAnswer}</strong>{" "}
                  <span className="muted">
                    <Instant at={attempt.started_at} />, {attempt.duration_ms} ms
                  </span>
                  {(attempt.error || attempt.response) && <p>{attempt.error || attempt.response}</p>}
                </li>
              ))}
            </ul>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
            <pre className="json mono-block" tabIndex={0}>
              {whole.body}
            </pre>
            {mayEdit && (
              <Button isPending={isBusy} onPress={() => void again()}>
                {text.redeliver}
              </Button>
            )}
          </>
        )}
      </Loaded>
    </Dialog>
  );
}
