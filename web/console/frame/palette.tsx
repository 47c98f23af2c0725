/// Ctrl-K: go to any page, or find a customer, a recharge or a payment by what somebody told you.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useEffect, useState } from "react";
import {
  Autocomplete,
  Collection,
  Dialog,
  Header,
  Input,
  Menu,
  MenuItem,
  MenuSection,
  Modal,
  ModalOverlay,
  SearchField,
} from "react-aria-components";
import { data } from "#shared/api.ts";
import { formatPhone, parsePhone } from "#shared/phone.ts";
import { SearchIcon } from "#ui/icons.tsx";
import type { Room } from "#ui/room.ts";
import { useMay, useServices } from "#ui/services.tsx";
import { useFrameWords } from "./words.ts";

interface Hit {
  id: string;
  kind: string;
  title: string;
  detail: string;
  to: string;
}

const MIN_LENGTH = 3;
const PAUSE_MS = 200;

export function Palette({
  rooms,
  isOpen,
  onClose,
}: {
  rooms: readonly Room[];
  isOpen: boolean;
  onClose: () => void;
}) {
  const words = useFrameWords();
  return (
    <ModalOverlay
      className="overlay top"
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable
    >
      <Modal className="modal palette">
        <Dialog className="dialog" aria-label={words.search}>
          <Finder rooms={rooms} onClose={onClose} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Finder({ rooms, onClose }: { rooms: readonly Room[]; onClose: () => void }) {
  const words = useFrameWords();
  const { language } = useServices();
  const may = useMay();
  const navigate = useNavigate();
  const [input, setInput] = useState("");
  const typed = useDeferredValue(input.trim());
  const { hits, isSettled } = useHits(typed);
  const pages = rooms
    .filter((room) => may(room.permission, { scoped: room.scoped }))
    .map((room) => ({
      id: `page:${room.name}`,
      title: room.menu.label[language],
      english: room.menu.label.en,
      to: room.menu.to,
      icon: room.menu.icon,
    }))
    .filter((page) => `${page.title} ${page.english}`.toLowerCase().includes(typed.toLowerCase()));
  const open = (to: string) => {
    onClose();
    void navigate({ to });
  };
  return (
    <Autocomplete inputValue={input} onInputChange={setInput}>
      <SearchField className="palette-field" aria-label={words.search} autoFocus>
        <SearchIcon />
        <Input placeholder={words.searchHint} />
        <kbd>Esc</kbd>
      </SearchField>
      <Menu
        className="menu-list palette-list"
        aria-label={words.search}
        renderEmptyState={() => (isSettled && typed ? <p className="muted pad">{words.noHits}</p> : null)}
      >
        {hits.length > 0 && (
          <MenuSection>
            <Header>{words.results}</Header>
            <Collection items={hits}>
              {(hit) => (
                <MenuItem
                  id={hit.id}
                  className="list-item hit"
                  textValue={hit.title}
                  onAction={() => open(hit.to)}
                >
                  <span className="hit-kind">{hit.kind}</span>
                  <span>{hit.title}</span>
                  <span className="muted small">{hit.detail}</span>
                </MenuItem>
              )}
            </Collection>
          </MenuSection>
        )}
        {pages.length > 0 && (
          <MenuSection>
            <Header>{words.pages}</Header>
            <Collection items={pages}>
              {(page) => (
                <MenuItem
                  id={page.id}
                  className="list-item"
                  textValue={page.title}
                  onAction={() => open(page.to)}
                >
                  <page.icon /> {page.title}
                </MenuItem>
              )}
            </Collection>
          </MenuSection>
        )}
      </Menu>
    </Autocomplete>
  );
}

/// What a text belongs to: a whole reference, or the beginning of a customer's name.
function useHits(typed: string): { hits: Hit[]; isSettled: boolean } {
  const words = useFrameWords().hits;
  const { api } = useServices();
  const may = useMay();
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSettled(typed), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const isReference = /\d/.test(settled);
  const byReference = useQuery({
    queryKey: ["search", settled],
    queryFn: ({ signal }) =>
      data(api.GET("/v1/search", { params: { query: { q: parsePhone(settled) ?? settled } }, signal })),
    enabled: settled.length >= MIN_LENGTH && isReference && may("Recharge:read", { scoped: true }),
    retry: false,
  });
  const byName = useQuery({
    queryKey: ["search", "names", settled],
    queryFn: ({ signal }) =>
      data(api.GET("/v1/users", { params: { query: { search: settled, limit: 8 } }, signal })),
    enabled: settled.length >= MIN_LENGTH && !isReference && may("Users:read"),
    retry: false,
  });
  const found: Hit[] = (byReference.data?.hits ?? []).map((hit, number) => ({
    id: `hit:${number}`,
    kind: words[hit.kind],
    title: hit.user?.name ?? formatPhone(hit.user?.phone_number ?? ""),
    detail: [
      hit.operator,
      hit.status,
      hit.kind === "customer" ? formatPhone(hit.user?.phone_number ?? "") : "",
    ]
      .filter(Boolean)
      .join(" · "),
    to:
      hit.kind === "customer"
        ? `/customers/${hit.user_id}`
        : hit.kind === "recharge"
          ? `/recharges/${hit.user_id}/${hit.recharge_id}`
          : hit.kind === "payout"
            ? `/payouts?user_id=${hit.user_id}`
            : `/payments/${hit.user_id}/${hit.payment_id}`,
  }));
  const named: Hit[] = (byName.data?.items ?? []).map((user) => ({
    id: `user:${user.user_id}`,
    kind: words.customer,
    title: user.name ?? formatPhone(user.phone_number),
    detail: formatPhone(user.phone_number),
    to: `/customers/${user.user_id}`,
  }));
  return {
    hits: isReference ? found : named,
    isSettled: settled === typed && !byReference.isFetching && !byName.isFetching,
  };
}
