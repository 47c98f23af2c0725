/// What is shown when a page breaks, or a file of it could not be loaded. It has no words of its own file: that may be what is missing.
import { Component, type ReactNode } from "react";

export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <main className="sign-in">
        <div className="sign-in-card" role="alert">
          <h1>This page could not be shown</h1>
          <p className="muted">{this.state.error.message}</p>
          <button type="button" className="button primary" onClick={() => location.reload()}>
            Reload · फिर से लोड करें
          </button>
        </div>
      </main>
    );
  }
}
