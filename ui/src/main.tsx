// Starts the interface: styles, query cache, router base from <base href>, and the app.
// The styles come first, so that a page's own rules win over them.
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";

import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { basePath } from "./api/client";
import { queryClient } from "./api/queries";
import { App } from "./app";
import { applyTheme } from "./frame/theme";

applyTheme();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <Router base={basePath}>
          <App />
        </Router>
      </QueryClientProvider>
    </StrictMode>,
  );
}
