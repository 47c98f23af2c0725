/// All campaigns, each with what it brought against those who did not see it.
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { Confirm } from "#ui/confirm.tsx";
import { Button, RowButton } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Facts, Page } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, formatCount, Instant, Money, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { BudgetDialog, NewCampaignDialog } from "./campaign_form.tsx";
import { type Campaign, useActs, useCampaigns, useResult } from "./queries.ts";
import { listRoute } from "./routes.tsx";
import { TONES, useText } from "./text.ts";

export function CampaignList() {
  const text = useText();
  const words = useWords();
  const { offer_id, cursor } = listRoute.useSearch();
  const list = useCampaigns(offer_id, cursor);
  const may = useMay();
  const { cancel } = useActs();
  const [isNew, setIsNew] = useState(false);
  const [open, setOpen] = useState<Campaign | null>(null);
  const [ending, setEnding] = useState<Campaign | null>(null);
  const [spending, setSpending] = useState<Campaign | null>(null);
  return (
    <Page
      title={text.title}
      lead={text.lead}
      acts={
        may("Offers:write") && (
          <Button kind="primary" onPress={() => setIsNew(true)}>
            {text.create}
          </Button>
        )
      }
    >
      <DataTable
        label={text.title}
        list={list}
        rowKey={(row) => row.campaign_id}
        onOpen={setOpen}
        empty={<Empty title={text.empty} />}
        columns={(column) => [
          column("name", words.name, (row) => <RowButton onPress={() => setOpen(row)}>{row.name}</RowButton>),
          column("status", words.status, (row) => (
            <Badge tone={TONES[row.status]}>{text.statuses[row.status]}</Badge>
          )),
          column("control", text.control, (row) => `${row.control_percent} %`, "end", "minor"),
          column("from", words.from, (row) => <Instant at={row.starts_at} />, "end", "minor"),
          column("until", words.until, (row) => <Instant at={row.ends_at} />, "end"),
        ]}
      />
      {isNew && <NewCampaignDialog onClose={() => setIsNew(false)} />}
      {open && (
        <CampaignDialog
          campaign={open}
          onClose={() => setOpen(null)}
          acts={
            may("Offers:edit") &&
            open.status !== "ended" &&
            open.status !== "cancelled" && (
              <>
                {open.budget !== null && (
                  <Button
                    onPress={() => {
                      setSpending(open);
                      setOpen(null);
                    }}
                  >
                    {text.changeBudget}
                  </Button>
                )}
                <Button
                  onPress={() => {
                    setEnding(open);
                    setOpen(null);
                  }}
                >
                  {text.cancel}
                </Button>
              </>
            )
          }
        />
      )}
      {spending && <BudgetDialog campaign={spending} onClose={() => setSpending(null)} />}
      {ending && (
        <Confirm
          title={text.cancelTitle(ending.name)}
          label={text.cancel}
          lead={text.cancelLead}
          done={text.cancelled}
          isDangerous
          onClose={() => setEnding(null)}
          act={async () => {
            await cancel(ending.campaign_id);
            return "done";
          }}
        />
      )}
    </Page>
  );
}

interface CampaignDialogProps {
  campaign: Campaign;
  acts: ReactNode;
  onClose: () => void;
}

function CampaignDialog({ campaign, acts, onClose }: CampaignDialogProps) {
  const text = useText();
  const words = useWords();
  const target = Object.entries(campaign.target)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(
      ([name, value]) => `${name.replaceAll("_", " ")}: ${Array.isArray(value) ? value.join(", ") : value}`,
    );
  return (
    <Dialog title={campaign.name} isOpen onClose={onClose} className="wide">
      <Facts
        facts={[
          [
            text.offer,
            <Link key="offer" to="/offers/$offerId" params={{ offerId: campaign.offer_id }}>
              {campaign.offer_id.slice(0, 8)}
            </Link>,
          ],
          [words.status, text.statuses[campaign.status]],
          [words.from, <Instant key="from" at={campaign.starts_at} />],
          [words.until, <Instant key="until" at={campaign.ends_at} />],
          [text.target, target.join("; ") || text.everybody],
        ]}
      />
      <Result id={campaign.campaign_id} />
      {acts && <div className="row">{acts}</div>}
    </Dialog>
  );
}

function Result({ id }: { id: string }) {
  const text = useText();
  return (
    <Loaded query={useResult(id)}>
      {(result) => (
        <>
          <table className="data">
            <thead>
              <tr>
                <th scope="col">{text.group}</th>
                <th scope="col" className="end">
                  {text.customers}
                </th>
                <th scope="col" className="end">
                  {text.recharged}
                </th>
                <th scope="col" className="end">
                  {text.revenue}
                </th>
              </tr>
            </thead>
            <tbody>
              {(["reached", "control"] as const).map((name) => (
                <tr key={name}>
                  <th scope="row">{text.groups[name]}</th>
                  <td className="end">{formatCount(result[name].customers)}</td>
                  <td className="end">{formatCount(result[name].recharged)}</td>
                  <td className="end">
                    <Money rupees={result[name].revenue} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <Facts
            facts={[
              [text.shown, formatCount(result.shown)],
              [text.used, formatCount(result.used)],
              [text.cost, <Money key="cost" rupees={result.cost} />],
              [
                text.budget,
                result.budget === null ? (
                  <Nothing key="budget" />
                ) : (
                  <Money key="budget" rupees={result.budget} />
                ),
              ],
              result.spent !== null && [text.spent, <Money key="spent" rupees={result.spent} />],
              [
                text.extra,
                result.extra_revenue === null ? (
                  <Nothing key="extra" />
                ) : (
                  <Money key="extra" rupees={result.extra_revenue} />
                ),
              ],
            ]}
          />
        </>
      )}
    </Loaded>
  );
}
