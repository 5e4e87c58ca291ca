import { createRoot } from "react-dom/client";
import { App } from "./app";
import { applyTheme } from "./lib/theme";
import "./style.css";

applyTheme();
createRoot(document.getElementById("root") as HTMLElement).render(<App />);
