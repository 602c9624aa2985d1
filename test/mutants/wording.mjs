/** How a reason is worded changes no verdict: what is prose is left alone, every word that code compares is not. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "wording",
    value: {
      shouldIgnore(path) {
        const texts = path.isTemplateLiteral()
          ? path.node.quasis.map(({ value }) => value.raw)
          : path.isStringLiteral()
            ? [path.node.value]
            : [];
        return texts.some((text) => text.includes(" ")) ? "wording" : undefined;
      },
    },
  },
];
