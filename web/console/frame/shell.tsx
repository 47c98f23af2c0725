/// The page around all pages: menu, search, what the role covers, notices, account.
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { Suspense, useEffect, useState } from "react";
import { Button } from "#ui/controls.tsx";
import { useHotkey } from "#ui/hotkeys.ts";
import { CloseIcon, MenuIcon, SearchIcon, TowerIcon, WarnIcon } from "#ui/icons.tsx";
import { Skeleton } from "#ui/layout.tsx";
import { GROUPS, type Room } from "#ui/room.ts";
import { useAdmin, useMay, useReach, useServices } from "#ui/services.tsx";
import { Toasts } from "#ui/toasts.tsx";
import mark from "../mark.svg";
import { AccountMenu } from "./account_menu.tsx";
import { Bell } from "./bell.tsx";
import { KeysDialog } from "./keys_dialog.tsx";
import { Palette } from "./palette.tsx";
import { Forbidden } from "./refusals.tsx";
import { useFrameWords } from "./words.ts";

export function Shell({ rooms }: { rooms: readonly Room[] }) {
  const words = useFrameWords();
  const path = useLocation({ select: (location) => location.pathname });
  const [isSearching, setIsSearching] = useState(false);
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  useHotkey("Mod+k", words.keyList.palette, () => setIsSearching((open) => !open));
  useHotkey("/", words.keyList.search, () => setIsSearching(true));
  // A page was chosen in the menu, which lies over the page on a narrow screen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what it waits for
  useEffect(() => setIsMenuOpen(false), [path]);
  return (
    <div className={isMenuOpen ? "shell menu-open" : "shell"}>
      <a className="skip" href="#content">
        {words.skip}
      </a>
      <header className="bar">
        <Button
          kind="quiet"
          className="icon-button menu-button"
          aria-label={words.menu}
          aria-expanded={isMenuOpen}
          onPress={() => setIsMenuOpen(!isMenuOpen)}
        >
          {isMenuOpen ? <CloseIcon /> : <MenuIcon />}
        </Button>
        <Button className="search-button" onPress={() => setIsSearching(true)}>
          <SearchIcon />
          <span>{words.search}</span>
          <kbd>Ctrl K</kbd>
        </Button>
        <div className="bar-end">
          <Scope />
          <Bell />
          <AccountMenu />
        </div>
      </header>
      <Menu rooms={rooms} path={path} />
      <main id="content" className="content" tabIndex={-1}>
        <Banner />
        <Suspense fallback={<Skeleton lines={8} />}>
          <Guarded rooms={rooms} path={path} />
        </Suspense>
      </main>
      <Palette rooms={rooms} isOpen={isSearching} onClose={() => setIsSearching(false)} />
      <KeysDialog />
      <Toasts />
    </div>
  );
}

/// The room of a path: the one whose first page begins it, the longest if there are several.
export function roomOf(rooms: readonly Room[], path: string): Room | undefined {
  return rooms
    .filter(
      (room) => path === room.menu.to || path.startsWith(room.menu.to === "/" ? "//" : `${room.menu.to}/`),
    )
    .sort((one, other) => other.menu.to.length - one.menu.to.length)[0];
}

/// The page, or why the role does not show it.
function Guarded({ rooms, path }: { rooms: readonly Room[]; path: string }) {
  const may = useMay();
  const admin = useAdmin();
  const room = roomOf(rooms, path);
  const refusal =
    room && [room, { ...room, ...room.pages?.[path] }].find((each) => !may(each.permission, each));
  if (refusal) {
    const isGranted = refusal.permission !== null && admin.permissions.includes(refusal.permission);
    return <Forbidden key={path} permission={isGranted ? null : refusal.permission} />;
  }
  return <Outlet />;
}

function Menu({ rooms, path }: { rooms: readonly Room[]; path: string }) {
  const words = useFrameWords();
  const { language } = useServices();
  const may = useMay();
  const open = rooms.filter((room) => may(room.permission, { scoped: room.scoped }));
  const here = roomOf(rooms, path);
  return (
    <nav className="menu" aria-label={words.menu}>
      <Link to="/" className="brand">
        <img src={mark} alt="" width="24" height="24" /> {words.product} <span>{words.console}</span>
      </Link>
      {GROUPS.map((group) => {
        const entries = open.filter((room) => room.menu.group === group);
        return (
          entries.length > 0 && (
            <section key={group}>
              <h2>{words.groups[group]}</h2>
              <ul>
                {entries.map((room) => (
                  <li key={room.name}>
                    <Link
                      to={room.menu.to}
                      className="menu-link"
                      aria-current={room === here ? "page" : undefined}
                      activeProps={{}}
                      inactiveProps={{}}
                    >
                      <room.menu.icon />
                      {room.menu.label[language]}
                    </Link>
                  </li>
                ))}
              </ul>
            </section>
          )
        );
      })}
    </nav>
  );
}

/// Which operators the role covers. Always in view, because it decides what every list holds.
function Scope() {
  const words = useFrameWords().scope;
  const { operator_scope: operators } = useAdmin();
  return (
    <span className={operators.length > 0 ? "scope limited" : "scope"} title={words.title}>
      <TowerIcon />
      <span>{operators.length > 0 ? words.only(operators.join(", ")) : words.all}</span>
    </span>
  );
}

function Banner() {
  const words = useFrameWords();
  const reach = useReach();
  return (
    <div role="status">
      {reach !== "ok" && (
        <p className="banner">
          <WarnIcon /> {reach === "offline" ? words.offline : words.unavailable}
        </p>
      )}
    </div>
  );
}
