/// Icons: 16 units wide, drawn in the colour of the text. They say nothing to a screen reader.
import type { ReactNode } from "react";

function icon(children: ReactNode) {
  // biome-ignore lint/correctness/noComponentHookFactories: called once for each icon, when this file is loaded
  return function Icon() {
    return (
      <svg
        className="icon"
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {children}
      </svg>
    );
  };
}

export const HomeIcon = icon(<path d="M2.5 7.2 8 2.6l5.5 4.6v6.2h-3.6V9.6H6.1v3.8H2.5z" />);
export const PeopleIcon = icon(
  <path d="M6 7.4a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8zm-4.4 6c0-2.4 2-4 4.4-4s4.4 1.6 4.4 4M11 3a2.2 2.2 0 0 1 0 4.2m1.2 2.4c1.4.6 2.2 2 2.2 3.8" />,
);
export const BoltIcon = icon(<path d="M9 1.8 3 9.2h4.2L6.6 14.2l6-7.6H8.4z" />);
export const CardIcon = icon(<path d="M1.8 4h12.4v8.4H1.8zm0 2.6h12.4M4 10h2.4" />);
export const TowerIcon = icon(
  <path
    d="M8 6.4v7.8M5.4 14.2h5.2M8 6.4a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4zM4.8 8a4 4 0 0 1 0-5.6m6.4 0a4 4 0 0 1 0 5.6M2.8 9.8a6.6 6.6 0 0 1 0-9.2m10.4 0a6.6 6.6 0 0 1 0 9.2"
    transform="translate(0 .6)"
  />,
);
export const TrailIcon = icon(<path d="M4 2.2h6l2.4 2.4v9.2H4zM6 7h4.4M6 9.4h4.4M6 11.8h2.6" />);
export const ShieldIcon = icon(
  <path d="M8 1.8 13 3.6v4c0 3-2 5.4-5 6.6-3-1.2-5-3.6-5-6.6v-4zM5.8 8l1.6 1.6 3-3.2" />,
);
export const SearchIcon = icon(<path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zm3.6-1.4L14 14" />);
export const BellIcon = icon(
  <path d="M3 11.6h10l-1.2-1.8V6.6a3.8 3.8 0 0 0-7.6 0v3.2zm3.4 0a1.6 1.6 0 0 0 3.2 0" />,
);
export const MenuIcon = icon(<path d="M2.4 4.2h11.2M2.4 8h11.2M2.4 11.8h11.2" />);
export const CloseIcon = icon(<path d="m3.6 3.6 8.8 8.8m0-8.8-8.8 8.8" />);
export const ChevronIcon = icon(<path d="m4 6.2 4 4 4-4" />);
export const CopyIcon = icon(<path d="M5.6 5.6h7.8v7.8H5.6zM10.4 5.6v-3H2.6v7.8h3" />);
export const CheckIcon = icon(<path d="m2.8 8.4 3.4 3.4 7-7.6" />);
export const WarnIcon = icon(<path d="M8 2.2 14.6 13.4H1.4zM8 6.6v3.2m0 1.8v.1" />);
export const SunIcon = icon(
  <path d="M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.4v1.4m0 10.4v1.4M1.4 8h1.4m10.4 0h1.4M3.3 3.3l1 1m7.4 7.4 1 1m0-9.4-1 1m-7.4 7.4-1 1" />,
);
export const KeyboardIcon = icon(
  <path d="M1.6 4.2h12.8v7.6H1.6zM4 6.6h.1m2.5 0h.1m2.5 0h.1m2.5 0h.1M5 9.4h6" />,
);
export const ApproveIcon = icon(
  <path d="M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4zM5.4 8.2l1.8 1.8 3.4-3.8" />,
);
export const InboxIcon = icon(<path d="M2 9h3.4l1 2h3.2l1-2H14M2 9l2-6h8l2 6v4.4H2z" />);
export const WalletIcon = icon(<path d="M2 4.4h10.6v2.2M2 4.4v8.4h12V6.6H2M11 9.7h.1" />);
export const TagIcon = icon(<path d="M2 2.4h5.6l6.2 6.2-5.4 5.4L2 7.6zm3 3h.1" />);
export const ListIcon = icon(<path d="M2.4 3.4h11.2v3.2H2.4zm0 6h11.2v3.2H2.4z" />);
export const FlagIcon = icon(<path d="M3.4 14.2V2.4h8.8l-1.6 3 1.6 3H3.4" />);
export const ChartIcon = icon(<path d="M2.2 13.6h11.6M4.2 11V7.4m3.8 3.6V3.4M11.8 11V5.6" />);
export const SheetIcon = icon(<path d="M2.4 2.4h11.2v11.2H2.4zm0 3.8h11.2M2.4 9.8h11.2M6.4 6.2v7.4" />);
export const HornIcon = icon(
  <path d="M2.4 6.4v3.2h2.4l6.4 3V3.4l-6.4 3zm3 3.2.8 3.6M13.4 6.6a2 2 0 0 1 0 2.8" />,
);
export const LetterIcon = icon(<path d="M2 3.6h12v8.8H2zm0 .6 6 4.6 6-4.6" />);
export const PageIcon = icon(<path d="M3 2.2h10v11.6H3zM5.2 5h5.6M5.2 7.6h5.6M5.2 10.2h3" />);
export const SpeechIcon = icon(<path d="M2 2.8h12v8H7.4L4.2 13.6v-2.8H2z" />);
export const DiskIcon = icon(
  <path d="M8 6c3.2 0 5.4-.8 5.4-1.9S11.2 2.2 8 2.2s-5.4.8-5.4 1.9S4.8 6 8 6zM2.6 4.1v7.8c0 1.1 2.2 1.9 5.4 1.9s5.4-.8 5.4-1.9V4.1M2.6 8c0 1.1 2.2 1.9 5.4 1.9s5.4-.8 5.4-1.9" />,
);
export const LinkIcon = icon(
  <path d="M6.6 9.4a2.6 2.6 0 0 0 3.8 0l2.4-2.4a2.7 2.7 0 0 0-3.8-3.8l-.8.8m1.2 2.6a2.6 2.6 0 0 0-3.8 0L3.2 9a2.7 2.7 0 0 0 3.8 3.8l.8-.8" />,
);
export const BalanceIcon = icon(
  <path d="M8 2.2v11.4M4.6 13.6h6.8M2.8 4.4h10.4M3.8 4.4 2 9h3.6zm8.4 0L10.4 9H14z" />,
);
export const KeyIcon = icon(
  <path d="M5.2 13a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zm2-4.8 6-6m-2.4 2.4 2 2" />,
);
export const GiftIcon = icon(
  <path d="M2.4 5.4h11.2v2.8H2.4zm1 2.8v5.4h9.2V8.2M8 5.4v8.2M8 5.2C5.6 5.2 4.8 2.4 6.4 2.2S8 5.2 8 5.2s0-3.2 1.6-3-.8 3-1.6 3z" />,
);
export const RepeatIcon = icon(<path d="M3 7V5.4h8.6L9.8 3.2m3.2 5.8v1.6H4.4l1.8 2.2" />);
