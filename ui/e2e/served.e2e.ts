// The journeys that share the server under test, in order: what one of them does, the next one sees, and the scan comes last.
import "./accepting.e2e";
import "./pages.e2e";
import "./console.e2e";
