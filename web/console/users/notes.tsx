/// What the staff noted about a customer, the newest first, and a form for more.
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { Form } from "#ui/form.tsx";
import { Card, Skeleton } from "#ui/layout.tsx";
import { ProblemNote } from "#ui/problem_note.tsx";
import { useAdmin } from "#ui/services.tsx";
import { toast } from "#ui/toasts.tsx";
import { Instant } from "#ui/values.tsx";
import { type Note, type User, useMayOf, useNoteActs, useNotes } from "./queries.ts";
import { useText } from "./text.ts";

/// As the API bounds it.
const MOST_CHARACTERS = 2000;

export function Notes({ user }: { user: User }) {
  const text = useText();
  const may = useMayOf();
  const admin = useAdmin();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useNotes(user.user_id);
  const [taking, setTaking] = useState<Note | null>(null);
  const notes = data?.pages.flatMap((page) => page.items);
  return (
    <Card title={text.notes}>
      <div className="stack">
        {may.edit && user.status !== "archived" && <WriteNote user={user} />}
        {error && <ProblemNote error={error} onRetry={() => void refetch()} />}
        {!notes && !error && <Skeleton lines={2} />}
        {notes?.length === 0 && <p className="muted">{text.noNotes}</p>}
        {notes && notes.length > 0 && (
          <ul className="talk">
            {notes.map((note) => (
              <li key={note.note_id} className="note-entry">
                <p>{note.text}</p>
                <span className="row between">
                  <small className="muted">
                    {note.author_name || text.ofAdmin} · <Instant at={note.created_at} />
                  </small>
                  {may.edit && note.author_id === admin.admin_id && (
                    <Button className="small" onPress={() => setTaking(note)}>
                      {text.takeBack}
                    </Button>
                  )}
                </span>
              </li>
            ))}
          </ul>
        )}
        {hasNextPage && (
          <Button className="small start" isPending={isFetchingNextPage} onPress={() => void fetchNextPage()}>
            {text.olderNotes}
          </Button>
        )}
      </div>
      {taking && <TakeBack user={user} note={taking} onClose={() => setTaking(null)} />}
    </Card>
  );
}

function WriteNote({ user }: { user: User }) {
  const text = useText();
  const { write } = useNoteActs(user);
  // What comes after what was written is another form, with another key.
  const [round, setRound] = useState(0);
  return (
    <Form
      key={round}
      submitLabel={text.writeNote}
      act={async ({ text: typed = "" }, key) => {
        await write(typed, key);
        setRound(round + 1);
        toast(text.noteWritten);
      }}
    >
      <TextField
        name="text"
        label={text.newNote}
        hint={text.noteHint}
        rows={3}
        isRequired
        maxLength={MOST_CHARACTERS}
      />
    </Form>
  );
}

function TakeBack({ user, note, onClose }: { user: User; note: Note; onClose: () => void }) {
  const text = useText();
  const { takeBack } = useNoteActs(user);
  return (
    <Confirm
      title={text.takeBackTitle}
      label={text.takeBack}
      lead={text.takeBackLead}
      done={text.takenBack}
      isDangerous
      onClose={onClose}
      act={async () => {
        await takeBack(note.note_id);
        return "done";
      }}
    />
  );
}
