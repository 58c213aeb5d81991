// Read before anything that asks a server: it is the second one, where there are two.
const { FATHOM_SECOND_ADDRESS: address, FATHOM_SECOND_TOKEN: token } = process.env;
if (address && token) Object.assign(process.env, { FATHOM_ADDRESS: address, FATHOM_TOKEN: token });
