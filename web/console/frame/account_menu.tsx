/// Who is signed in; theme, language, end of the session.
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from "react-aria-components";
import { data } from "#shared/api.ts";
import { LANGUAGES, type Language } from "#shared/i18n.ts";
import { Button } from "#ui/controls.tsx";
import { CheckIcon, ChevronIcon } from "#ui/icons.tsx";
import { useAdmin, useServices } from "#ui/services.tsx";
import { chooseTheme, THEMES, type Theme, theme } from "./theme.ts";
import { useFrameWords } from "./words.ts";

// Seldom opened.
const MyAccount = lazy(async () => ({ default: (await import("./my_account.tsx")).MyAccount }));

export function AccountMenu() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <AccountButton onOpen={() => setIsOpen(true)} />
      {isOpen && (
        <Suspense fallback={null}>
          <MyAccount onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

function AccountButton({ onOpen }: { onOpen: () => void }) {
  const words = useFrameWords();
  const admin = useAdmin();
  const { api, session, language, setLanguage } = useServices();
  const client = useQueryClient();
  const [chosen, setChosen] = useState(theme);

  const signOut = async () => {
    // The session of this browser ends here, also if the API can't be told.
    await api.POST("/v1/auth/logout").catch(() => undefined);
    session.end();
  };
  const speak = (next: Language) => {
    setLanguage(next);
    // Errors and notices come in it from now on; a failure changes nothing on this page.
    data(api.PATCH("/v1/admins/me", { body: { language: next } })).then(
      () => client.invalidateQueries({ queryKey: ["admins", "me"] }),
      () => undefined,
    );
  };
  return (
    <MenuTrigger>
      <Button kind="quiet" className="account">
        <span className="avatar" aria-hidden="true">
          {initials(admin.name)}
        </span>
        <span className="sr">{words.account}: </span>
        <span className="account-name">
          {admin.name}
          <small>{admin.role}</small>
        </span>
        <ChevronIcon />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu-list">
          <MenuSection
            selectionMode="single"
            selectedKeys={[chosen]}
            onSelectionChange={(keys) => {
              const next = [...keys][0] as Theme | undefined;
              if (!next) return;
              chooseTheme(next);
              setChosen(next);
            }}
          >
            <Header>{words.theme}</Header>
            {THEMES.map((each) => (
              <MenuItem key={each} id={each} className="list-item">
                <CheckIcon /> {words.themes[each]}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator />
          <MenuSection
            selectionMode="single"
            selectedKeys={[language]}
            onSelectionChange={(keys) => {
              const next = [...keys][0] as Language | undefined;
              if (next) speak(next);
            }}
          >
            <Header>{words.language}</Header>
            {(Object.keys(LANGUAGES) as Language[]).map((each) => (
              <MenuItem key={each} id={each} className="list-item" lang={each}>
                <CheckIcon /> {LANGUAGES[each]}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator />
          <MenuItem id="my-account" className="list-item plain" onAction={onOpen}>
            {words.myAccount}
          </MenuItem>
          <MenuItem id="sign-out" className="list-item plain" onAction={() => void signOut()}>
            {words.signOut}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

export function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  return `${parts[0]?.[0] ?? ""}${parts.length > 1 ? (parts.at(-1)?.[0] ?? "") : ""}`.toUpperCase();
}
