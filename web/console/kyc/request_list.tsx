/// Requests for the full KYC tier: those that wait first.
import { useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Filters, optionsOf } from "#ui/filters.tsx";
import { Page } from "#ui/layout.tsx";
import { UserLink } from "#ui/links.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { Badge, Instant, Nothing, type Tone } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Request, useActs, useRequests } from "./queries.ts";
import { listRoute } from "./routes.tsx";

const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });
const TONES: Record<Request["status"], Tone> = { pending: "warn", approved: "good", rejected: "bad" };

export function RequestList() {
  const text = useText();
  const words = useWords();
  const { status, cursor } = listRoute.useSearch();
  const list = useRequests(status ?? "pending", cursor);
  const mayEdit = useMay()("Wallet:edit");
  const { approve, reject } = useActs();
  const [deciding, setDeciding] = useState<{ request: Request; isApproval: boolean } | null>(null);
  const { pending: none, ...others } = text.statuses;
  return (
    <Page title={text.title} lead={text.lead}>
      <Filters
        values={{ status }}
        choices={[{ name: "status", label: words.status, options: optionsOf(others), none }]}
      />
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.kyc_request_id}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("customer", words.customer, (row) => <UserLink userId={row.user_id} />),
          column("document", text.document, (row) => text.documents[row.document]),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("note", words.reason, (row) => row.decision_note ?? <Nothing />, "minor"),
          column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
          ...(mayEdit
            ? [
                column(
                  "acts",
                  words.actions,
                  (row) =>
                    row.status === "pending" && (
                      <span className="row acts-end">
                        <Button
                          className="small"
                          onPress={() => setDeciding({ request: row, isApproval: true })}
                        >
                          {text.approve}
                        </Button>
                        <Button
                          className="small"
                          onPress={() => setDeciding({ request: row, isApproval: false })}
                        >
                          {text.reject}
                        </Button>
                      </span>
                    ),
                  "end",
                ),
              ]
            : []),
        ]}
      />
      {deciding && (
        <Confirm
          title={deciding.isApproval ? text.approve : text.reject}
          label={deciding.isApproval ? text.approve : text.reject}
          lead={deciding.isApproval ? text.approveLead : text.rejectLead}
          done={deciding.isApproval ? text.approved : text.rejected}
          isDangerous={!deciding.isApproval}
          reason={deciding.isApproval ? "evidence" : "reason"}
          reasonLabel={deciding.isApproval ? text.evidence : words.reason}
          onClose={() => setDeciding(null)}
          act={async (why) => {
            await (deciding.isApproval ? approve(deciding.request, why) : reject(deciding.request, why));
            return "done";
          }}
        />
      )}
    </Page>
  );
}
