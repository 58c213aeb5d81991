//! Shapes: the types of inputs and outputs, with everything that decides their wire form.

/// Index of a shape inside its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShapeId(pub(crate) u32);

/// A named type of a service.
#[derive(Debug)]
pub struct Shape {
    pub(crate) name: Box<str>,
    pub(crate) kind: Kind,
}

impl Shape {
    /// The name in the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the shape is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The structure behind the shape, if it is one.
    pub fn structure(&self) -> Option<&Structure> {
        match &self.kind {
            Kind::Structure(structure) => Some(structure),
            _ => None,
        }
    }
}

/// The kinds of shapes.
#[derive(Debug)]
pub enum Kind {
    /// Named members; also unions, faults and free documents.
    Structure(Structure),
    /// Values of one kind, in order.
    List(ShapeRef),
    /// Values by string key.
    Map(ShapeRef, ShapeRef),
    /// Text.
    String,
    /// Bytes; base64 text in the value form.
    Blob,
    /// `true` or `false`.
    Boolean,
    /// Whole numbers of any width.
    Integer,
    /// Floating point of any width; `NaN` and infinities are text in the value form.
    Float,
    /// A moment; RFC 3339 text in UTC in the value form.
    Timestamp,
}

/// A reference to a shape with the traits that hold where it is used.
#[derive(Debug, Clone)]
pub struct ShapeRef {
    pub(crate) shape: ShapeId,
    pub(crate) location: Location,
    pub(crate) wire: Option<Box<str>>,
    pub(crate) query_name: Option<Box<str>>,
    pub(crate) result_wrapper: Option<Box<str>>,
    pub(crate) namespace: Option<Namespace>,
    pub(crate) timestamp: Option<TimestampFormat>,
    pub(crate) flattened: bool,
    pub(crate) xml_attribute: bool,
    pub(crate) json_value: bool,
    pub(crate) host_label: bool,
    pub(crate) streaming: bool,
    pub(crate) event_stream: bool,
    pub(crate) idempotency_token: bool,
    pub(crate) sensitive: bool,
}

impl ShapeRef {
    /// The shape that is meant.
    pub fn shape(&self) -> ShapeId {
        self.shape
    }

    /// Which part of the HTTP message carries the value.
    pub fn location(&self) -> Location {
        self.location
    }

    /// The explicit name on the wire, where the model gives one.
    pub fn wire_name(&self) -> Option<&str> {
        self.wire.as_deref()
    }

    /// Whether the model marks the value as a secret.
    pub fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// Whether a client should make up a value where the caller gives none.
    pub fn is_idempotency_token(&self) -> bool {
        self.idempotency_token
    }

    /// Whether the value is a stream of bytes rather than a bounded document.
    pub fn is_streaming(&self) -> bool {
        self.streaming
    }

    /// Whether text at this place holds a JSON document.
    pub fn is_json_value(&self) -> bool {
        self.json_value
    }
}

/// Which part of an HTTP message carries a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// The body, or the whole message where the protocol has no bindings.
    Body,
    /// A label in the path.
    Uri,
    /// The query string.
    Query,
    /// One header.
    Header,
    /// All headers that start with a prefix.
    Headers,
    /// The HTTP status.
    Status,
}

/// An XML namespace that an element declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// The namespace's address.
    pub uri: Box<str>,
    /// The prefix that is bound, or none for the default namespace.
    pub prefix: Option<Box<str>>,
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2026-01-02T03:04:05Z`.
    Iso8601,
    /// `Fri, 02 Jan 2026 03:04:05 GMT`.
    Rfc822,
    /// Seconds since 1970.
    Unix,
}

/// A structure's members and how they are found on the wire.
#[derive(Debug)]
pub struct Structure {
    pub(crate) members: Box<[Member]>,
    pub(crate) required: Box<[u32]>,
    pub(crate) payload: Option<u32>,
    pub(crate) union: bool,
    pub(crate) document: bool,
    pub(crate) exception: bool,
    pub(crate) error_code: Option<Box<str>>,
    pub(crate) has_attributes: bool,
    /// Element name to member, sorted; members that travel outside the body are left out.
    pub(crate) xml: Box<[(Box<str>, u32)]>,
    /// Object key to member, sorted.
    pub(crate) json: Box<[(Box<str>, u32)]>,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    pub(crate) name: Box<str>,
    pub(crate) target: ShapeRef,
}

impl Member {
    /// The name that callers use.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The member's type and traits.
    pub fn target(&self) -> &ShapeRef {
        &self.target
    }

    /// The name on the wire where nothing else overrides it.
    pub(crate) fn wire(&self) -> &str {
        self.target.wire.as_deref().unwrap_or(&self.name)
    }
}

impl Structure {
    /// The members, sorted by name.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member with that name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        let index = self.members.binary_search_by(|member| (*member.name).cmp(name)).ok()?;
        self.members.get(index)
    }

    /// The members that a request must carry.
    pub fn required(&self) -> impl Iterator<Item = &Member> {
        self.required.iter().filter_map(|index| self.members.get(*index as usize))
    }

    /// The member that is the whole HTTP body, if one is.
    pub fn payload(&self) -> Option<&Member> {
        self.payload.and_then(|index| self.members.get(index as usize))
    }

    /// Whether exactly one member is set.
    pub fn is_union(&self) -> bool {
        self.union
    }

    /// Whether the value is any JSON.
    pub fn is_document(&self) -> bool {
        self.document
    }

    /// The error code of a fault, or none for other structures.
    pub fn error_code(&self) -> Option<&str> {
        self.error_code.as_deref()
    }

    /// The member that an XML element of that name carries.
    pub(crate) fn by_element(&self, name: &str) -> Option<&Member> {
        lookup(&self.xml, name).and_then(|index| self.members.get(index))
    }

    /// The member that a JSON key carries.
    pub(crate) fn by_key(&self, name: &str) -> Option<&Member> {
        lookup(&self.json, name).and_then(|index| self.members.get(index))
    }
}

fn lookup(table: &[(Box<str>, u32)], name: &str) -> Option<usize> {
    let found = table.binary_search_by(|(wire, _)| (**wire).cmp(name)).ok()?;
    table.get(found).map(|(_, index)| *index as usize)
}
