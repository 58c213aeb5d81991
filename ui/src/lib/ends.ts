// Which resources are ends of a question about the network, and how they are named there.

/** How a resource is named as an end; nothing for what is none. */
export function end({ type, uid, id }: { type: string; uid: string; id: string }): string | undefined {
  if (/^AWS::EC2::(Instance|NetworkInterface|VPCEndpoint)$/.test(type)) return id;
  if (type === "AWS::ElasticLoadBalancingV2::LoadBalancer") return uid;
  return type === "AWS::ElasticLoadBalancing::LoadBalancer" ? id : undefined;
}

export const END_TYPES = ["AWS::EC2::Instance", "AWS::EC2::NetworkInterface", "AWS::EC2::VPCEndpoint", "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer"];
