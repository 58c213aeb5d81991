//! What each route needs. A route that is not open can only be registered together with it.

use axum::{
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use fathom_signin::Permission;
use utoipa::openapi::{extensions::ExtensionsBuilder, path::PathItem};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::{Access, Caller, caller::Taken, caller::limited, enter};
use crate::{
    problem::{Code, Problem},
    state::ApiState,
};

/// What an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// The part of the estate that the caller may see: the route takes `Visible` and filters by it.
    Filtered,
    /// All of the estate or of the log: whoever sees a part only is refused.
    WholeOnly,
    /// The caller, and nothing of the estate.
    Own,
}

/// A caller was refused for want of a permission.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused(pub(super) Permission);

/// Routes for callers whom we know.
#[derive(Default)]
pub(crate) struct Guarded(OpenApiRouter<ApiState>);

impl Guarded {
    /// Adds a route, with what it needs and what it answers.
    pub(crate) fn needs(
        self,
        permission: Permission,
        answers: Answers,
        routes: UtoipaMethodRouter<ApiState>,
    ) -> Self {
        self.add(Some(permission), answers, routes)
    }

    fn add(
        self,
        permission: Option<Permission>,
        answers: Answers,
        (schemas, mut paths, methods): UtoipaMethodRouter<ApiState>,
    ) -> Self {
        for item in paths.paths.values_mut() {
            describe(item, permission);
        }
        let guard = move |request: Request, next: Next| guard(permission, answers, request, next);
        let methods = methods.route_layer(middleware::from_fn(guard));
        Self(self.0.routes((schemas, paths, methods)))
    }

    /// Adds a route that everybody may ask who is let in, whatever the role.
    pub(crate) fn anybody(self, answers: Answers, routes: UtoipaMethodRouter<ApiState>) -> Self {
        self.add(None, answers, routes)
    }

    /// Them, for whoever is let in.
    pub(crate) fn behind(self, state: ApiState, access: Access) -> OpenApiRouter<ApiState> {
        self.0.route_layer(middleware::from_fn_with_state((state, access), enter::enter))
    }

    /// Them, for the document only.
    pub(crate) fn documented(self) -> OpenApiRouter<ApiState> {
        self.0
    }
}

/// Says in the document what a route needs.
fn describe(item: &mut PathItem, permission: Option<Permission>) {
    let permission = permission.map_or("none", Permission::as_str);
    let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
    for operation in methods.into_iter().flatten() {
        let said = ExtensionsBuilder::new().add("x-fathom-permission", permission).build();
        operation.extensions = Some(said);
    }
}

async fn guard(permission: Option<Permission>, answers: Answers, request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        return Problem::new(Code::Internal, "nobody knows who asks").into_response();
    };
    if let Some(permission) = permission.filter(|permission| !caller.may(*permission)) {
        let mut response = forbidden(&caller, permission).into_response();
        response.extensions_mut().insert(Refused(permission));
        return response;
    }
    let is_limited = !caller.scope().is_all();
    if is_limited && answers == Answers::WholeOnly {
        return limited().into_response();
    }
    let taken = request.extensions().get::<Taken>().cloned().unwrap_or_default();
    let response = next.run(request).await;
    // A route that forgot to filter must not tell anything to whom sees a part.
    if is_limited && answers == Answers::Filtered && response.status().is_success() && !taken.is_taken() {
        tracing::error!(?permission, "a route does not filter what it answers");
        return Problem::new(Code::Internal, "this answer is not cut to what you may see").into_response();
    }
    response
}

fn forbidden(caller: &Caller, permission: Permission) -> Problem {
    let roles: Vec<&str> = permission.roles().into_iter().map(fathom_signin::Role::as_str).collect();
    let detail = format!("the role {} does not permit it", caller.role());
    let detail = if caller.role().permissions().has(permission) {
        // An enrolling session, a token, or the owner, who has no account.
        format!("`{}` may not do this", caller.name())
    } else {
        detail
    };
    Problem::new(Code::Forbidden, detail)
        .hint(format!("it takes the permission `{permission}`, which the roles {} have", roles.join(", ")))
}
