// The journeys that ask and change nothing, on a server of their own, beside those that change the other one.
import "./second";
import "./findings.e2e";
import "./flows.e2e";
import "./network.e2e";
import "./paths.e2e";
import "./permissions.e2e";
import "./vulnerabilities.e2e";
