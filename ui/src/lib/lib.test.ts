import { describe, expect, it } from "vitest";
import { flag, many, number, one, page, parse, some, stringify } from "./address";
import { field, line } from "./csv";
import { literal, onlyThese, resourcesSql, tagsOf, word } from "./sqltext";
import { kind, list, percent, shown } from "./text";
import { ago, span } from "./time";

describe("text of others", () => {
  it("shows what would mislead the reader", () => {
    expect(shown("a\u202egnp.exe")).toBe("a\\u{202e}gnp.exe");
    expect(shown("zero\u200bwidth\u0000")).toBe("zero\\u{200b}width\\u{0}");
    expect(shown("\u{e0041}tag")).toBe("\\u{e0041}tag");
    expect(shown("<b>é 漢字 العربية 👍\n\t")).toBe("<b>é 漢字 العربية 👍\n\t");
  });
  it("cuts, and never through a character", () => {
    expect(shown("A".repeat(100_000), 10)).toBe("AAAAAAAAAA…");
    expect(shown("abc👍def", 4)).toBe("abc…");
    expect(shown("abc", 3)).toBe("abc");
  });
});

describe("figures", () => {
  it("never round to all or nothing", () => {
    expect(percent(999_999, 1_000_000)).toBe("99.9 %");
    expect(percent(1, 1_000_000)).toBe("0.1 %");
    expect(percent(0, 10)).toBe("0 %");
    expect(percent(10, 10)).toBe("100 %");
    expect(percent(608, 730)).toBe("83.3 %");
    expect(percent(0, 0)).toBe("–");
  });
  it("read as words", () => {
    expect(list(["a", "b", "c"])).toBe("a, b and c");
    expect(list(["a"])).toBe("a");
    expect(kind("AWS::EC2::SecurityGroup")).toBe("EC2 SecurityGroup");
    expect(kind("seen::rds::db")).toBe("seen rds db");
  });
});

describe("CSV", () => {
  it("runs nowhere", () => {
    for (const begin of ["=", "+", "-", "@", "\t", "＝", "＋", "－", "＠"]) expect(field(`${begin}1`)).toBe(`'${begin}1`);
    expect(field("\r=1")).toBe("\"'\r=1\"");
    expect(field('=HYPERLINK("http://x")')).toBe('"\'=HYPERLINK(""http://x"")"');
    expect(field(-5)).toBe("-5");
    expect(field("a=b")).toBe("a=b");
  });
  it("keeps fields apart", () => {
    expect(line(["a,b", 'c"d', null, true, { k: "v" }])).toBe('"a,b","c""d",,true,"{""k"":""v""}"\r\n');
  });
});

describe("SQL and shell", () => {
  it("quote what others wrote", () => {
    expect(literal("O'Hara'; drop")).toBe("'O''Hara''; drop'");
    expect(word("it's $(x)")).toBe("'it'\\''s $(x)'");
    expect(word("arn:aws:s3:::a-b_c/d")).toBe("arn:aws:s3:::a-b_c/d");
  });
  it("asks what the list shows", () => {
    expect(resourcesSql({ type: ["AWS::S3::Bucket"], understood: false, tag: ["env=a'b"], order: "name", descending: true })).toBe(
      "select uid, type, account, region, id, name, understood, exposed, last_seen\nfrom resources\nwhere type in ('AWS::S3::Bucket')\n  and not understood\n  and json_get_str(tags, 'env') = 'a''b'\norder by name desc, uid",
    );
    expect(resourcesSql({}, { columns: "uid" })).toBe("select uid\nfrom resources\norder by uid");
    expect(resourcesSql({ owner: ["pay'ments", ""], exposed: true }, { columns: "uid" })).toBe(
      "select uid\nfrom resources\nwhere (uid in (select e.uid from explanations e where e.part = 'owner' and e.holds and e.value in ('pay''ments')) or uid not in (select e.uid from explanations e where e.part = 'owner' and e.holds))\n  and exposed\norder by uid",
    );
  });
});

describe("a question or a command", () => {
  it("is none where it would leave out a filter", () => {
    for (const filter of [{ assigned_to: ["platform"] }, { assigned_to: [""] }, { first_seen_since: "7d" }, { include_deleted: true }]) expect(resourcesSql({ type: ["a"], ...filter }), JSON.stringify(filter)).toBeUndefined();
    expect(resourcesSql({ assigned_to: [], include_deleted: false })).toBeDefined();
    expect(onlyThese({ type: ["a", "b"] })).toBeUndefined();
    expect(onlyThese({ type: ["a"], account: [""] })).toBeUndefined();
    expect(onlyThese({ type: ["A::B"], account: undefined, region: ["it's"] })).toBe(" --type A::B --region 'it'\\''s'");
    expect(onlyThese({})).toBe("");
  });
  it("in one line asks for the same text", () => {
    expect(resourcesSql({ search: "two  spaces\nand a line", exposed: true }, { columns: "uid", line: true })).toBe(
      "select uid from resources where (strpos(lower(uid), 'two  spaces\nand a line') > 0 or strpos(lower(id), 'two  spaces\nand a line') > 0 or strpos(lower(coalesce(name, '')), 'two  spaces\nand a line') > 0) and exposed order by uid",
    );
  });
  it("keeps what stands within a tag", () => expect(tagsOf("cost center=shared services, env=prod,, ")).toEqual(["cost center=shared services", "env=prod"]));
});

describe("addresses", () => {
  it("come back as they went", () => {
    const params = { type: ["AWS::S3::Bucket", "a&b=c"], search: "100% +x", understood: "false" };
    expect(stringify(params)).toBe("?type=AWS::S3::Bucket&type=a%26b%3Dc&search=100%25+%2Bx&understood=false");
    expect(parse(stringify(params).slice(1))).toEqual(params);
    expect(stringify({ a: undefined, b: "", c: false })).toBe("?c=false");
    // In a list an empty text asks for what has no value.
    expect(stringify({ owner: ["", "a"] })).toBe("?owner=&owner=a");
    expect(some(parse("owner=").owner)).toEqual([""]);
  });
  it("are checked", () => {
    expect(flag("false")).toBe(false);
    expect(flag(false)).toBe(false);
    expect(flag("yes")).toBeUndefined();
    expect(many(["a", "a", "", "b"])).toEqual(["a", "b"]);
    expect(one(["x", "y"])).toBe("x");
    expect(number("-1")).toBeUndefined();
    expect(number("12")).toBe(12);
  });
  it("lead from the API to the page that shows it", () => {
    expect(page("/api/v1/resources?type=AWS%3A%3AS3%3A%3ABucket&understood=false")).toBe("/resources?type=AWS::S3::Bucket&understood=false");
    expect(page("/api/v1/resource/history?uid=arn%3Aaws%3Asqs%3A%3Aa%2Fb")).toBe("/resource?uid=arn:aws:sqs::a/b&tab=history");
    expect(page("/api/v1/coverage?outcome=unknown&reason=denied")).toBe("/coverage?outcome=unknown&reason=denied");
    expect(page("https://evil.example/x")).toBe("/");
  });
});

describe("time", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  it("is said in the largest unit that fits", () => {
    expect(ago("2026-11-22T11:59:55Z", now)).toBe("just now");
    expect(ago("2026-11-22T11:58:50Z", now)).toBe("1 minute ago");
    expect(ago("2026-11-20T11:00:00Z", now)).toBe("2 days ago");
    expect(ago("2026-11-22T13:30:00Z", now)).toBe("in 1 hour");
    expect(ago("never", now)).toBe("at an unknown time");
    expect(span(250_000)).toBe("4 min 10 s");
    expect(span(770)).toBe("770 ms");
  });
});
