//! What would open and close if code were applied or edits made, against a live cloud in which the same is then really done: what was
//! foretold must be what differs.

mod agree;
mod cloud;
mod descriptions;
mod edits;
mod plans;
mod stacks;
mod told;

const REGION: &str = "eu-west-1";
const ACCOUNT: &str = "123456789012";
