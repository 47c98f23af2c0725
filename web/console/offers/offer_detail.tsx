/// One offer: what it gives to whom, what it has cost, who used it, its codes.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { saveFile } from "#ui/api.ts";
import { Confirm } from "#ui/confirm.tsx";
import { Button, TextField } from "#ui/controls.tsx";
import { DataTable } from "#ui/data_table.tsx";
import { countOf, wrongAt } from "#ui/fields.tsx";
import { Card, Facts, Page, Tabs } from "#ui/layout.tsx";
import { RechargeLink, UserLink } from "#ui/links.tsx";
import { Loaded, LoadedPage } from "#ui/loaded.tsx";
import { Empty } from "#ui/problem_note.tsx";
import { useMay } from "#ui/services.tsx";
import { Badge, formatCount, Instant, Money, Nothing } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { EditOfferDialog } from "./offer_form.tsx";
import { type Offer, useActs, useCodes, useFigures, useOffer, useUses } from "./queries.ts";
import { detailRoute } from "./routes.tsx";
import { gainOf, TONES, useText } from "./text.ts";

type Act = "edit" | "switch" | "codes" | "remove";

export function OfferDetail() {
  const text = useText();
  const { offerId } = detailRoute.useParams();
  return (
    <LoadedPage query={useOffer(offerId)} title={text.title}>
      {(offer) => <Whole offer={offer} />}
    </LoadedPage>
  );
}

function Whole({ offer }: { offer: Offer }) {
  const text = useText();
  const words = useWords();
  const navigate = useNavigate();
  const may = useMay();
  const { tab = "uses" } = detailRoute.useSearch();
  const [act, setAct] = useState<Act | null>(null);
  const mayEdit = may("Offers:edit", { scoped: true });
  const isActive = offer.status === "active";
  return (
    <Page
      title={offer.name}
      lead={
        <>
          {offer.code && <code>{offer.code}</code>}
          <Badge tone={TONES[offer.status]}>{text.statuses[offer.status]}</Badge>
          <span>{text.windows[offer.window]}</span>
        </>
      }
      acts={
        <>
          {mayEdit && (
            <>
              <Button onPress={() => setAct("edit")}>{words.edit}</Button>
              <Button onPress={() => setAct("switch")}>{isActive ? text.stop : text.start}</Button>
              {offer.conditions.one_time_code && (
                <Button onPress={() => setAct("codes")}>{text.makeCodes}</Button>
              )}
            </>
          )}
          {may("Offers:delete", { scoped: true }) && (
            <Button onPress={() => setAct("remove")}>{words.remove}</Button>
          )}
        </>
      }
    >
      <div className="split">
        <OfferTerms offer={offer} />
        <Figures id={offer.offer_id} />
      </div>
      <Tabs
        label={offer.name}
        selected={tab}
        onSelect={(id) =>
          void navigate({ to: ".", search: { tab: id === "uses" ? undefined : id } as never, replace: true })
        }
        tabs={[
          { id: "uses", label: text.uses, content: <Uses id={offer.offer_id} /> },
          ...(offer.conditions.one_time_code
            ? [{ id: "codes", label: text.codes, content: <Codes id={offer.offer_id} /> }]
            : []),
        ]}
      />
      {act === "edit" && <EditOfferDialog offer={offer} onClose={() => setAct(null)} />}
      {act !== null && act !== "edit" && <ActOn offer={offer} act={act} onClose={() => setAct(null)} />}
    </Page>
  );
}

function OfferTerms({ offer }: { offer: Offer }) {
  const text = useText();
  const words = useWords();
  return (
    <Card title={text.terms}>
      <Facts
        facts={[
          [text.discount, gainOf(offer.reward.discount, text.upTo)],
          [text.cashback, gainOf(offer.reward.cashback, text.upTo)],
          [words.kind, offer.offer_type],
          [words.from, <Instant key="from" at={offer.active_from} />],
          [words.until, <Instant key="until" at={offer.active_until} />],
          [text.totalUses, offer.limits.total_uses],
          [text.usesPerUser, offer.limits.uses_per_user],
          [
            text.budget,
            offer.limits.budget == null ? null : <Money key="budget" rupees={offer.limits.budget} />,
          ],
        ]}
      />
      <ul>
        {offer.terms.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Card>
  );
}

function Figures({ id }: { id: string }) {
  const text = useText();
  return (
    <Card title={text.soFar}>
      <Loaded query={useFigures(id)}>
        {(figures) => (
          <dl className="figures-grid">
            <div className="figure">
              <dt>{text.uses}</dt>
              <dd>{formatCount(figures.uses)}</dd>
            </div>
            <div className="figure">
              <dt>{text.cost}</dt>
              <dd>
                <Money rupees={figures.cost} />
              </dd>
            </div>
            <div className="figure">
              <dt>{text.usesLeft}</dt>
              <dd>{figures.uses_left === null ? <Nothing /> : formatCount(figures.uses_left)}</dd>
            </div>
            <div className="figure">
              <dt>{text.budgetLeft}</dt>
              <dd>{figures.budget_left === null ? <Nothing /> : <Money rupees={figures.budget_left} />}</dd>
            </div>
          </dl>
        )}
      </Loaded>
    </Card>
  );
}

function Uses({ id }: { id: string }) {
  const text = useText();
  const words = useWords();
  const { cursor } = detailRoute.useSearch();
  return (
    <DataTable
      label={text.uses}
      list={useUses(id, cursor)}
      rowKey={(row) => row.recharge_id}
      empty={<Empty title={text.noUses} />}
      columns={(column) => [
        column("customer", words.customer, (row) => <UserLink userId={row.user_id} />),
        column("recharge", text.recharge, (row) => (
          <RechargeLink userId={row.user_id} rechargeId={row.recharge_id} />
        )),
        column("status", words.status, (row) => text.useStatuses[row.status], "minor"),
        column("cost", text.cost, (row) => <Money rupees={row.cost} />, "end"),
        column("at", words.at, (row) => <Instant at={row.created_at} />, "end", "minor"),
      ]}
    />
  );
}

function Codes({ id }: { id: string }) {
  const text = useText();
  const words = useWords();
  const { cursor } = detailRoute.useSearch();
  return (
    <DataTable
      label={text.codes}
      list={useCodes(id, cursor)}
      rowKey={(row) => row.code}
      empty={<Empty title={text.noCodes} />}
      columns={(column) => [
        column("code", text.code, (row) => <code>{row.code}</code>),
        column("for", words.customer, (row) => <UserLink userId={row.user_id} />, "minor"),
        column("used", text.usedBy, (row) => <UserLink userId={row.used_by} />),
        column("at", words.at, (row) => <Instant at={row.used_at} />, "end", "minor"),
      ]}
    />
  );
}

function ActOn({ offer, act, onClose }: { offer: Offer; act: Exclude<Act, "edit">; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const navigate = useNavigate();
  const { update, remove, makeCodes } = useActs();
  if (act === "codes")
    return (
      <Confirm
        title={text.makeCodes}
        label={text.makeCodes}
        lead={text.codesLead}
        done={words.created}
        onClose={onClose}
        act={async (_reason, _key, values) => {
          const count = countOf(values, "count", words.numberInvalid);
          if (!count) throw wrongAt("count", words.numberInvalid);
          saveFile(await makeCodes(offer.offer_id, count), `${offer.name}.csv`);
          return "done";
        }}
      >
        <TextField name="count" label={text.howMany} inputMode="numeric" isRequired autoFocus />
      </Confirm>
    );
  const isActive = offer.status === "active";
  if (act === "switch")
    return (
      <Confirm
        title={isActive ? text.stop : text.start}
        label={isActive ? text.stop : text.start}
        lead={isActive ? text.stopLead : text.startLead}
        done={words.saved}
        isDangerous={isActive}
        onClose={onClose}
        act={async () => {
          await update(offer.offer_id, offer.etag, { status: isActive ? "inactive" : "active" });
          return "done";
        }}
      />
    );
  return (
    <Confirm
      title={text.removeTitle(offer.name)}
      label={words.remove}
      lead={words.removeLead}
      done={words.removed}
      isDangerous
      onClose={onClose}
      act={async () => {
        await remove(offer.offer_id);
        void navigate({ to: "/offers" });
        return "done";
      }}
    />
  );
}
