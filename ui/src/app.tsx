// The routes: every page has a URL that can be sent to a colleague.
import { Redirect, Route, Switch } from "wouter";
import { Frame } from "./frame/Frame";
import { Annotate } from "./pages/Annotate/Annotate";
import { Bill } from "./pages/Bill/Bill";
import { Certificates } from "./pages/Certificates/Certificates";
import { Export } from "./pages/Export/Export";
import { Import } from "./pages/Import/Import";
import { Mine } from "./pages/Mine/Mine";
import { Progress } from "./pages/Progress/Progress";
import { Projects } from "./pages/Projects/Projects";
import { Review } from "./pages/Review/Review";
import { Settings } from "./pages/Settings/Settings";
import { Triage } from "./pages/Triage/Triage";
import { Validate } from "./pages/Validate/Validate";
import { EmptyState } from "./parts/EmptyState";

export function App() {
  return (
    <Frame>
      <Switch>
        <Route path="/">
          <Projects />
        </Route>
        <Route path="/p/:slug">{({ slug }) => <Redirect to={`/p/${slug}/annotate`} replace />}</Route>
        <Route path="/p/:slug/annotate/:item?">
          {({ slug, item }) => <Annotate key={slug} slug={slug} item={item ? Number(item) : null} />}
        </Route>
        <Route path="/p/:slug/validate">{({ slug }) => <Validate key={slug} slug={slug} />}</Route>
        <Route path="/p/:slug/triage/:number?">
          {({ slug, number }) => <Triage key={slug} slug={slug} number={number ? Number(number) : null} />}
        </Route>
        <Route path="/p/:slug/triage/:number/ask">
          {({ slug, number }) => <Triage key={slug} slug={slug} number={Number(number)} asking />}
        </Route>
        <Route path="/p/:slug/review">{({ slug }) => <Review key={slug} slug={slug} />}</Route>
        <Route path="/p/:slug/certificates">{({ slug }) => <Certificates key={slug} slug={slug} />}</Route>
        <Route path="/p/:slug/progress">{({ slug }) => <Progress key={slug} slug={slug} />}</Route>
        <Route path="/p/:slug/bill">{({ slug }) => <Bill key={slug} slug={slug} />}</Route>
        <Route path="/p/:slug/mine">{({ slug }) => <Mine key={slug} slug={slug} />}</Route>
        <Route path="/p/:slug/export">{({ slug }) => <Export key={slug} slug={slug} />}</Route>
        <Route path="/p/:slug/settings">{({ slug }) => <Settings key={slug} slug={slug} />}</Route>
        <Route path="/p/:slug/import">{({ slug }) => <Import key={slug} slug={slug} />}</Route>
        <Route>
          <EmptyState title="There is no such page">
            <p>The address may be mistyped, or the page has moved. All projects are on the first page.</p>
          </EmptyState>
        </Route>
      </Switch>
    </Frame>
  );
}
