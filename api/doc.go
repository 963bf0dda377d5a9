// Package api is what people and programs see of Slipway: JSON over HTTP, a
// stream of events for each release, and a small web console. It checks who is
// asking and what they may do, turns a service file into an order, and hands
// that to package starter; it keeps no state but what went wrong lately, and
// what is known of people for half a minute.
//
// # Shapes
//
// All paths are below /api/v1; times are RFC 3339; a release is a
// [slipway.Release], a service a [slipway.ServiceStatus]. Unknown keys of a
// body are refused. /openapi.json has every detail.
//
//	POST   /login                {user, password}                      → {token, user, groups, expires_at}
//	POST   /logout                                                     → 204
//	GET    /whoami                                                     → {user, groups, expires_at, token?}
//	POST   /tokens               {role, expires, project?, name?}      → 201 token, with its secret as token
//	GET    /tokens                                                     → {tokens: […]}
//	DELETE /tokens/{id}                                                → 204
//
//	POST   /releases             {service_file, tag, force?, break_glass?, reason?}  → 202 release, Location
//	POST   /adoptions            {service_file, container, host?, retire?, reason?}  → 202 release, Location
//	POST   /plan                 {service_file, tag, force?}           → what a release would do
//	POST   /preflight            {service_file?, tag?, host?}          → {hosts: […], findings: […], fit}
//	GET    /releases             ?project=&service=P/S&phase=&limit=&page=  → {releases: […], next_page}
//	GET    /releases/{id}                                              → release
//	GET    /releases/{id}/events                                       → events: phase, host, progress, gate, end
//	POST   /releases/{id}/decisions            {gate, decision, reason?, digest?, settings?, plan?}  → 204
//	POST   /releases/{id}/decisions/signature  as decisions            → the signed decision
//	POST   /releases/{id}/break-glass          {reason, digest?, settings?}  → 204
//	POST   /releases/{id}/abort                {reason?}               → 204
//	POST   /releases/{id}/accept               {reason?}               → 204
//
//	GET    /services             ?project=                             → {services: […]}
//	GET    /services/{project}/{service}                               → service
//	DELETE /services/{project}/{service}           ?reason= (may be left out)  → 202 {release}, Location
//	POST   /services/{project}/{service}/rollback  {reason, to?}       → 202 {release, held}, Location
//	POST   /services/{project}/{service}/restart   {reason}            → 202 {release}, Location
//	POST   /services/{project}/{service}/lock      {reason}            → 204
//	DELETE /services/{project}/{service}/lock      ?reason=            → 204
//
//	GET    /line                 ?project=                             → {stops: […]}
//	POST   /line                 {reason}                              → 204
//	DELETE /line                 ?reason=                              → 204
//	POST   /projects/{project}/line                {reason}            → 204
//	DELETE /projects/{project}/line                ?reason=            → 204
//
//	GET    /hosts                                                      → {hosts: […]}
//	DELETE /hosts/{host}         ?reason=&gone=                        → 202
//	GET    /hosts/{host}/cordon                                        → {cordon, left: […]}
//	POST   /hosts/{host}/cordon  {reason}                              → 204
//	DELETE /hosts/{host}/cordon  ?reason=                              → 204
//	POST   /hosts/{host}/drain   {reason}                              → 202
//	GET    /hosts/{host}/join                                          → {services: […]}
//	POST   /hosts/{host}/join    {reason}                              → 202 {services: […]}
//
//	GET    /audit                ?project=&service=P/S&user=&action=&request=&since=&limit=&page=  → {entries: […], next_page}
//	GET    /audit/anchor                                               → {heads: […], odd?: […]}
//
// service_file is the text of a service.yaml, to the number of a release, and
// release of a rollback its id; held says that going back is only a switch,
// done by the release with that id. The items of a list have no hosts, edges
// and gates. The data of each event is the whole release. What changes something
// is done once for an Idempotency-Key, which may be sent with it for 24 hours.
//
// # Errors
//
// Every error is application/problem+json, {title, status, detail, code,
// errors?: [{file?, line?, column?, field?, message}]}, where code is one of
// [slipway.Code] and decides the status; see the table in problem.go. Status
// 400 says that a body is not JSON.
//
// # Who may what
//
// Nothing is answered without a sign-in but the sign-in itself, its page's
// style, /healthz and /readyz; and /metrics to a peer on the same machine. A
// token comes as "Authorization: Bearer …" or in the cookie slipway_session, over
// TLS __Host-slipway_session. It says who somebody is; what they may do is looked
// up in the current fleet on each request. A project that one may not view is
// answered like one that does not exist.
package api
