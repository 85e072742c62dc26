/**
 * A lint rule of this project: somebody else's words are never keys of a plain object, where
 * `constructor` or `__proto__` would be found. Such a table is a `Map`, or is asked by
 * `Object.hasOwn` first.
 */

const plugin: Deno.lint.Plugin = {
  name: "netecho",
  rules: {
    "no-word-as-key": {
      create(context) {
        const tables = new Set<string>();
        const guarded = new Set<string>(); // tables that Object.hasOwn is asked about
        const uses: { table: string; node: Deno.lint.Node }[] = [];
        return {
          VariableDeclarator(node) {
            // Of other tables, TypeScript knows the keys.
            const text = context.sourceCode.getText(node);
            const isTable = /^\w+: (Readonly<)?Record<string,/.test(text);
            if (node.id.type === "Identifier" && isTable) tables.add(node.id.name);
          },
          CallExpression(node) {
            const text = context.sourceCode.getText(node.callee);
            const [first] = node.arguments;
            if (text === "Object.hasOwn" && first) guarded.add(context.sourceCode.getText(first));
          },
          MemberExpression(node) {
            if (!node.computed || node.object.type !== "Identifier") return;
            if (node.property.type === "Literal") return;
            uses.push({ table: node.object.name, node });
          },
          BinaryExpression(node) {
            if (node.operator !== "in" || node.left.type === "Literal") return;
            context.report({
              node,
              message: "`in` finds inherited properties, such as constructor",
              hint: "use Object.hasOwn",
            });
          },
          "Program:exit"() {
            for (const { table, node } of uses) {
              if (!tables.has(table) || guarded.has(table)) continue;
              context.report({
                node,
                message: `${table} is a plain object, in which a word such as constructor is found`,
                hint: "use a Map, or ask Object.hasOwn first",
              });
            }
          },
        };
      },
    },
  },
};

/** Loaded by `deno lint`, which takes a default export. */
export default plugin;
