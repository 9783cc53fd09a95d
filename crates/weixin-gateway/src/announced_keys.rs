//! The check values that the nodes have left in the store: which keys each of them has, and which file an operator has
//! declared to be the valid one.

use weixin::Bilingual;

/// A node that has left nothing for as long is gone, in milliseconds. Each leaves its values again after [`RENEWAL`].
const LIFETIME: i64 = 30_000;
/// In milliseconds.
const RENEWAL: i64 = 8_000;
/// Begins the first line, if `weixin gateway keys reseal` has written it.
const DECLARED: &str = "declared ";

/// The text of the row: a line for the file that was left last, and one for each node.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct AnnouncedKeys {
    /// In each list, the first value is of the key that signs.
    last: Vec<String>,
    /// Nodes that lack its first key are wrong, and not this file.
    is_declared: bool,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Node {
    id: String,
    seen_at: i64,
    keys: Vec<String>,
}

/// When a key file is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Compared {
    /// Before a node signs with it.
    New,
    /// While a node signs with it.
    InUse,
}

/// How the key file of a node differs from that of the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyFileDifference {
    /// It lacks the key by which the others sign.
    LacksTheirs,
    /// It lacks the key by which the gateway has signed, and no other node is running.
    LacksFormer,
    /// The others lack the key in its first line, by which this node would sign.
    OwnIsUnknown,
}

impl KeyFileDifference {
    /// What is wrong with the file, which is the subject of the sentence.
    pub const fn description(self) -> Bilingual {
        match self {
            Self::LacksTheirs => Bilingual {
                en: "lacks the key by which other nodes sign",
                zh: "缺少其他节点签名所用的密钥",
            },
            Self::LacksFormer => Bilingual {
                en: "lacks the key by which the gateway has signed until now",
                zh: "缺少网关此前签名所用的密钥",
            },
            Self::OwnIsUnknown => Bilingual {
                en: "has a key in its first line that another node lacks",
                zh: "第一行的密钥在其他节点的密钥文件中不存在",
            },
        }
    }

    /// What the operator can do.
    pub const fn remedy(self) -> Bilingual {
        match self {
            Self::LacksTheirs => Bilingual {
                en: "copy the file from a node that is ready. If this file is the right one, run `weixin gateway keys reseal` \
                     with it, and copy it to the other nodes",
                zh: "请从就绪的节点复制密钥文件。如果此文件才是正确的，请用它运行 `weixin gateway keys reseal`，\
                     再把它复制到其他节点",
            },
            Self::LacksFormer => Bilingual {
                en: "put its former line back. To go on without that key, run `weixin gateway keys reseal` with this file: \
                     tokens that it has signed become invalid",
                zh: "请放回原来的那一行。如果不再需要那个密钥，请用此文件运行 `weixin gateway keys reseal`：\
                     由它签名的 Token 失效",
            },
            Self::OwnIsUnknown => Bilingual {
                en: "add it to the files of all nodes as the second line, wait 10 seconds, and move it to the top then. \
                     To use this file at once, run `weixin gateway keys reseal` with it, and copy it to the other nodes",
                zh: "请先把它作为第二行加入所有节点的密钥文件，10 秒后再移到第一行。\
                     如果要立即使用此文件，请用它运行 `weixin gateway keys reseal`，再把它复制到其他节点",
            },
        }
    }
}

impl AnnouncedKeys {
    /// Those of nodes that are not gone by the time of the database.
    pub(crate) fn parse(text: &str, now: i64) -> Self {
        let mut lines = text.lines();
        let last = lines.next().unwrap_or_default();
        let declared = last.strip_prefix(DECLARED);
        let nodes = lines.filter_map(Node::parse);
        Self {
            last: values(declared.unwrap_or(last)),
            is_declared: declared.is_some(),
            nodes: nodes.filter(|it| it.is_running(now)).collect(),
        }
    }

    pub(crate) fn text(&self) -> String {
        let declared = if self.is_declared { DECLARED } else { "" };
        let last = format!("{declared}{}", self.last.join(" "));
        let nodes = self.nodes.iter().map(Node::text);
        std::iter::once(last)
            .chain(nodes)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// How the file of the only gateway differs from the one that it had before.
    pub(crate) fn difference_alone(&self, own: &[String]) -> Option<KeyFileDifference> {
        self.lacks_last(own)
            .then_some(KeyFileDifference::LacksFormer)
    }

    /// How a file differs from those of the other nodes. A command is no node.
    pub(crate) fn difference(
        &self,
        own: &[String],
        node: Option<&str>,
        compared: Compared,
    ) -> Option<KeyFileDifference> {
        let is_new = compared == Compared::New;
        let lacks_last = self.lacks_last(own);
        if self.is_declared && lacks_last && is_new {
            return Some(KeyFileDifference::LacksTheirs);
        }
        if is_new && self.others(node).next().is_none() {
            return self.difference_alone(own);
        }
        let is_valid = |it: &&Node| !self.is_declared || lacks_last || !self.lacks_last(&it.keys);
        let others = self.others(node).filter(is_valid);
        let others: Vec<_> = others.map(|it| &it.keys).collect();
        if others.iter().any(|keys| !has_first(own, keys)) {
            return Some(KeyFileDifference::LacksTheirs);
        }
        let is_unknown = is_new && others.iter().any(|keys| !has_first(keys, own));
        is_unknown.then_some(KeyFileDifference::OwnIsUnknown)
    }

    /// Whether a file lacks the key that signed last.
    pub(crate) fn lacks_last(&self, own: &[String]) -> bool {
        !has_first(own, &self.last)
    }

    /// Leaves the keys of a node that begins to use them. One that has the declared key may sign by another one.
    pub(crate) fn announce(&mut self, own: &[String], node: &str, now: i64) {
        if !self.is_declared || !self.lacks_last(own) {
            self.last = own.to_vec();
        }
        self.renew(own, node, now);
    }

    /// The same for the only gateway, whatever others have left in a database that was copied.
    pub(crate) fn announce_alone(&mut self, own: &[String]) {
        *self = Self {
            last: own.to_vec(),
            ..Self::default()
        };
    }

    /// Leaves the keys of a node that uses them, if it is time. What was declared is over once all nodes have its first key.
    pub(crate) fn renew(&mut self, own: &[String], node: &str, now: i64) {
        let is_own = |it: &Node| it.id == node && it.keys == own && it.seen_at > now - RENEWAL;
        if !self.nodes.iter().any(is_own) {
            self.leave(node);
            self.nodes.push(Node {
                id: node.to_owned(),
                seen_at: now,
                keys: own.to_vec(),
            });
        }
        if self.nodes.iter().all(|it| !self.lacks_last(&it.keys)) {
            self.is_declared = false;
        }
    }

    /// Declares a file to be the valid one.
    pub(crate) fn declare(&mut self, own: &[String]) {
        self.last = own.to_vec();
        self.is_declared = true;
    }

    /// Removes a node.
    pub(crate) fn leave(&mut self, node: &str) {
        self.nodes.retain(|it| it.id != node);
    }

    fn others(&self, node: Option<&str>) -> impl Iterator<Item = &Node> {
        let is_other = move |it: &&Node| node != Some(&*it.id);
        self.nodes.iter().filter(is_other)
    }
}

impl Node {
    fn parse(line: &str) -> Option<Self> {
        let (id, rest) = line.split_once(' ')?;
        let (seen_at, keys) = rest.split_once(' ')?;
        Some(Self {
            id: id.to_owned(),
            seen_at: seen_at.parse().ok()?,
            keys: values(keys),
        })
    }

    /// A time in the future is of a clock that was wrong: the node that is running leaves another one.
    const fn is_running(&self, now: i64) -> bool {
        now - LIFETIME < self.seen_at && self.seen_at < now + LIFETIME
    }

    fn text(&self) -> String {
        format!("{} {} {}", self.id, self.seen_at, self.keys.join(" "))
    }
}

fn values(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Whether keys contain the one by which others sign.
fn has_first(keys: &[String], others: &[String]) -> bool {
    others.first().is_none_or(|first| keys.contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyFileDifference::{LacksFormer, LacksTheirs, OwnIsUnknown};

    const NOW: i64 = 100_000;

    /// A row, as one of its nodes reads it.
    fn read(text: &str) -> AnnouncedKeys {
        AnnouncedKeys::parse(text, NOW)
    }

    fn new(text: &str, own: &str, node: Option<&str>) -> Option<KeyFileDifference> {
        read(text).difference(&values(own), node, Compared::New)
    }

    #[test]
    fn what_one_node_signs_the_others_verify() {
        for (own, other, expected) in [
            ("a", "a", None),
            // The steps of a change, on the first node and on the last one.
            ("a b", "a", None),
            ("a", "a b", None),
            ("b a", "a b", None),
            ("a b", "b a", None),
            ("b", "b a", None),
            ("b a", "b", None),
            // The new key signs before all nodes have it.
            ("b a", "a", Some(OwnIsUnknown)),
            ("a", "b a", Some(LacksTheirs)),
            // The old key is removed before all nodes sign with the new one.
            ("b", "a b", Some(LacksTheirs)),
            ("b", "a", Some(LacksTheirs)),
        ] {
            let row = format!("{other}\n1 99000 {other}");
            assert_eq!(new(&row, own, Some("2")), expected, "{own} {other}");
            // A command is compared with all nodes.
            assert_eq!(new(&row, own, None), expected, "{own} {other}");
            // Beside a node itself, and after the others are gone, no node verifies what the key has signed that is lacking.
            let alone = (expected == Some(LacksTheirs)).then_some(LacksFormer);
            assert_eq!(new(&row, own, Some("1")), alone, "{own} {other}");
            for seen_at in [70_000, 130_000] {
                let gone = format!("{other}\n1 {seen_at} {other}");
                assert_eq!(new(&gone, own, Some("2")), alone, "{own} {other}");
                assert_eq!(new(&gone, own, None), alone, "{own} {other}");
            }
        }
    }

    #[test]
    fn a_key_that_one_node_has_announced_alone_signs_nowhere() {
        let mut row = read("k\n1 99000 k\n2 99000 k");
        assert_eq!(new(&row.text(), "k r", Some("2")), None);
        row.announce(&values("k r"), "2", NOW);
        assert_eq!(row.text(), "k r\n1 99000 k\n2 100000 k r");
        assert_eq!(new(&row.text(), "r k", Some("2")), Some(OwnIsUnknown));
        assert_eq!(new(&row.text(), "k", Some("2")), None);
    }

    #[test]
    fn a_node_that_signs_alone_may_return_to_the_file_of_the_others() {
        // Written by a program that did not compare with each node.
        let mut row = read("r k\n1 99000 k\n2 99000 r k");
        let in_use = |row: &AnnouncedKeys| row.difference(&values("k"), Some("1"), Compared::InUse);
        assert_eq!(in_use(&row), Some(LacksTheirs));
        assert_eq!(new(&row.text(), "k", Some("2")), None);
        row.announce(&values("k"), "2", NOW);
        assert_eq!(in_use(&row), None);
        assert_eq!(new(&row.text(), "k", Some("3")), None);
    }

    #[test]
    fn a_declared_file_is_valid_until_all_nodes_have_it() {
        let mut row = read("a\n1 99000 a\n2 99000 a");
        row.declare(&values("b a"));
        assert_eq!(row.text(), "declared b a\n1 99000 a\n2 99000 a");
        row = read(&row.text());
        let in_use = |row: &AnnouncedKeys, own: &str, node| {
            row.difference(&values(own), Some(node), Compared::InUse)
        };
        // Nodes go on until the first of them has loaded it, and none starts without it.
        row.renew(&values("a"), "1", NOW);
        assert_eq!(in_use(&row, "a", "2"), None);
        assert_eq!(new(&row.text(), "a", Some("3")), Some(LacksTheirs));
        assert_eq!(new(&row.text(), "b a", Some("1")), None);
        row.announce(&values("b a"), "1", NOW);
        assert_eq!(in_use(&row, "a", "2"), Some(LacksTheirs));
        assert_eq!(in_use(&row, "b a", "1"), None);
        assert_eq!(new(&row.text(), "c b a", Some("2")), Some(OwnIsUnknown));
        row.announce(&values("b a"), "2", NOW);
        assert_eq!(row.text(), "b a\n1 100000 b a\n2 100000 b a");
    }

    #[test]
    fn the_key_that_signs_after_a_declaration_is_kept() {
        let mut row = read("a");
        row.declare(&values("b a"));
        assert_eq!(new(&row.text(), "c b a", Some("1")), None);
        row.announce(&values("c b a"), "1", NOW);
        row.leave("1");
        assert_eq!(row.text(), "c b a");
        assert_eq!(new(&row.text(), "b a", Some("1")), Some(LacksFormer));
        // Beside a node that has not loaded the file yet, which ends.
        let mut row = read("a\n2 99000 a");
        row.declare(&values("b a"));
        row.announce(&values("c b a"), "1", NOW);
        assert_eq!(row.text(), "declared c b a\n2 99000 a\n1 100000 c b a");
        row.leave("2");
        row.renew(&values("c b a"), "1", NOW);
        assert_eq!(row.text(), "c b a\n1 100000 c b a");
    }

    #[test]
    fn a_declared_file_without_the_key_that_signs_can_be_used() {
        let mut row = read("a b\n1 99000 a b\n2 99000 a b");
        row.declare(&values("b"));
        for node in ["1", "2"] {
            row.renew(&values("a b"), node, NOW + RENEWAL);
            row.leave(node);
        }
        assert_eq!(row.text(), "b");
        assert_eq!(new(&row.text(), "b", Some("1")), None);
    }

    #[test]
    fn a_node_renews_what_it_has_left_and_removes_it_at_its_end() {
        let mut row = read("a\n1 93000 a");
        row.renew(&values("a"), "1", NOW);
        assert_eq!(row.text(), "a\n1 93000 a");
        row.renew(&values("a"), "1", NOW + 2_000);
        assert_eq!(row.text(), "a\n1 102000 a");
        row.leave("1");
        assert_eq!(row.text(), "a");
    }

    #[test]
    fn the_only_gateway_takes_over_what_nodes_have_left() {
        let mut row = read("a\n1 99000 a");
        row.declare(&values("b a"));
        row.announce_alone(&values("b a"));
        assert_eq!(row.text(), "b a");
    }

    #[test]
    fn the_only_gateway_keeps_the_key_by_which_it_has_signed() {
        for (own, expected) in [
            ("a", None),
            ("b a", None),
            ("b", Some(LacksFormer)),
            ("c b", Some(LacksFormer)),
        ] {
            let row = read("a b");
            assert_eq!(row.difference_alone(&values(own)), expected, "{own}");
        }
        assert_eq!(read("").difference_alone(&values("a")), None);
    }
}
