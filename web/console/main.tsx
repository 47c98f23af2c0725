import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./ui/fonts.css";
import "../shared/tokens.css";
import "./ui/base.css";
import "./ui/controls.css";
import "./ui/table.css";
import "./frame/frame.css";
import { App } from "./frame/app.tsx";
import { applyTheme } from "./frame/theme.ts";
import { createWorld } from "./frame/world.ts";
import { Pages } from "./wiring.tsx";

applyTheme();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App world={createWorld()} Pages={Pages} />
    </StrictMode>,
  );
}
