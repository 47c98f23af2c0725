/// The form of an endpoint, for a new one and for one that is there.
import { TextField } from "#ui/controls.tsx";
import { EditDialog, onlyChanged } from "#ui/edit.tsx";
import { Checks, chosenOf, codesOf } from "#ui/fields.tsx";
import { ActDialog, type Values } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { useWords } from "#ui/words.ts";
import { type Endpoint, EVENTS, type EventName, type NewEndpoint, useActs } from "./queries.ts";
import { useText } from "./text.ts";

function read(values: Values, others: EventName[]): NewEndpoint {
  return {
    url: values.url?.trim() ?? "",
    description: values.description ?? "",
    contact_email: values.contact_email?.trim() || null,
    events: [...chosenOf<EventName>(values, "events"), ...others],
    operators: codesOf(values, "operators"),
  };
}

function shown({ url, description, contact_email, events, operators }: Endpoint) {
  return { url, description, contact_email, events, operators };
}

function Fields({ endpoint }: { endpoint?: Endpoint }) {
  const text = useText();
  const words = useWords();
  return (
    <>
      <TextField
        name="url"
        label={text.url}
        placeholder="https://shop.example/gencharge"
        defaultValue={endpoint?.url ?? ""}
        isRequired
      />
      <TextField name="description" label={words.description} defaultValue={endpoint?.description ?? ""} />
      <div className="fields">
        <TextField name="contact_email" label={text.contact} defaultValue={endpoint?.contact_email ?? ""} />
        <TextField
          name="operators"
          label={words.operators}
          hint={text.operatorsHint}
          placeholder="JIO, VI"
          defaultValue={endpoint?.operators.join(", ") ?? ""}
        />
      </div>
      <Checks
        name="events"
        label={text.events}
        options={EVENTS.map((id) => ({ id, label: id }))}
        chosen={endpoint?.events ?? ["*"]}
      />
    </>
  );
}

export function NewEndpointDialog({
  onClose,
  onMade,
}: {
  onClose: () => void;
  onMade: (secret: string) => void;
}) {
  const text = useText();
  const words = useWords();
  const { create } = useActs();
  return (
    <ActDialog
      title={text.newTitle}
      submitLabel={words.create}
      onClose={onClose}
      act={async (values) => {
        const made = await create(read(values, []));
        onClose();
        onMade(made.secret);
      }}
    >
      <Fields />
    </ActDialog>
  );
}

export function EditEndpoint({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const { update } = useActs();
  return (
    <EditDialog
      title={text.endpoint}
      thing={endpoint}
      shown={shown}
      onClose={onClose}
      save={async (values, started, etag) => {
        // Single events, such as `recharge.failed`, have no box, and stay.
        const others = started.events.filter((each) => !EVENTS.includes(each as EventName)) as EventName[];
        await update(endpoint, onlyChanged(read(values, others), shown(started)), etag);
        onClose();
        toast(words.saved);
      }}
    >
      <Fields endpoint={endpoint} />
    </EditDialog>
  );
}
