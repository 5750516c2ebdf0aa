import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["dist*/", "node_modules/"] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.browser },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-restricted-syntax": [
        "error",
        { selector: "AssignmentExpression[left.property.name='innerHTML']", message: "Build nodes with h()." },
      ],
      "no-restricted-imports": ["error", { paths: [{ name: "leaflet", message: "Import L from map/leaflet.js." }] }],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
  { files: ["src/map/leaflet.js"], rules: { "no-restricted-imports": "off" } },
  { files: ["build.mjs", "../tests/js/**"], languageOptions: { globals: globals.node } },
];
