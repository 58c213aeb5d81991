// Decides the requests of `fathom iam simulate` with an independent evaluator: one line in, one decision out.
// It runs as a process of its own; nothing of it is linked or shipped.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

// The packages are installed in the directory that is given.
const require = createRequire(pathToFileURL(process.argv[2] + '/'))
const { runSimulation, anonymousPrincipal } = require('@cloud-copilot/iam-simulate')

const named = (policies) => (policies ?? []).map((policy, index) => ({ name: `p${index}`, policy }))
const levels = (path) =>
  (path ?? []).map((level) => ({ orgIdentifier: level.id, policies: named(level.policies) }))

for await (const line of createInterface({ input: process.stdin })) {
  const { request, ...layers } = JSON.parse(line)
  const context = {}
  for (const [key, values] of Object.entries(request.context ?? {})) {
    if (values !== null) context[key] = values.length === 1 ? values[0] : values
  }
  const simulation = {
    request: {
      principal: request.principal === '*' ? anonymousPrincipal : request.principal,
      action: request.action,
      resource: { resource: request.resource.arn, accountId: request.resource.account },
      contextVariables: context,
    },
    identityPolicies: named(layers.identity_policies),
    sessionPolicy: layers.session_policy ?? undefined,
    permissionBoundaryPolicies: layers.permission_boundaries ? named([layers.permission_boundaries]) : undefined,
    resourcePolicy: layers.resource_policy ?? undefined,
    serviceControlPolicies: levels(layers.scps),
    resourceControlPolicies: levels(layers.rcps),
    vpcEndpointPolicies: layers.vpc_endpoint_policies ? named([layers.vpc_endpoint_policies]) : undefined,
  }
  let said
  try {
    const result = await runSimulation(simulation, {})
    said = result.resultType === 'error' ? `error: ${JSON.stringify(result.errors)}` : result.overallResult
  } catch (error) {
    said = `error: ${error}`
  }
  console.log(JSON.stringify(said))
}
