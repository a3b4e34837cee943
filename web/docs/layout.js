// layout: how Swagger UI's parts stand together here, and words for those that had none. A plugin of Swagger UI.

const unseen = (h, tag, text) => h(tag, { className: "unseen", key: text }, text);

// In place of its own layout: headings that go down by one, one main landmark (index.html has it), no choice of servers, as there is
// but this one.
const layout = (h) => function Layout({ getComponent, specSelectors }) {
  const part = (name, container) => h(getComponent(name, container));
  const body = () => [
    part("InfoContainer", true),
    h("section", { className: "schemes" }, unseen(h, "h2", "Signing in"), part("AuthorizeBtnContainer", true)),
    h("section", { id: "operations" }, unseen(h, "h2", "Operations"), part("operations", true), part("Models", true)),
  ];
  return h("div", { className: "swagger-ui" }, part("SvgAssets"), part("errors", true),
    ...(specSelectors.specStr() ? body() : []));
};

// Within the button that opens an operation, a link would be a second thing to press.
const plainPath = (h) => () => ({ text }) => h("span", null, text);

// The cross that closes the dialog has no name of its own.
const namedCross = (h) => (Cross) => (props) => [h(Cross, { ...props, key: "cross" }), unseen(h, "span", "Close")];

// A button is called what stands on it: who speaks to the machine says those words.
const plainButton = (h) => (Button) => (props) => h(Button, { ...props, "aria-label": undefined });

// A stream never ends, and the answer would be waited for: no button to try it.
const endless = (original, { specSelectors }) => (state, path, method) => original(path, method)
  && !specSelectors.specJson().hasIn(["paths", path, method, "responses", "200", "content", "text/event-stream"]);

const nothing = () => () => null;

export function plain({ React }) {
  const h = React.createElement;
  return {
    statePlugins: { spec: { wrapSelectors: { allowTryItOutFor: endless } } },
    components: { Layout: layout(h) },
    wrapComponents: {
      DeepLink: plainPath(h),
      CloseIcon: namedCross(h),
      Button: plainButton(h),
      CopyToClipboardBtn: nothing,
      InfoUrl: nothing,
    },
  };
}
