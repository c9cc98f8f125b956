use super::*;
use serde_json::json;

fn templates(folder: &Path) -> Templates {
    Templates {
        folder: folder.to_owned(),
        fit: |text, columns| format!("{text:<columns$.columns$}"),
    }
}

#[test]
fn lines_are_broken_at_blanks_and_long_words_stay_whole() {
    assert_eq!(wrapped("aa bb cc", 5, 0), "aa bb\ncc");
    assert_eq!(wrapped("aa bb cc", 3, 2), "aa\n  bb\n  cc");
    assert_eq!(wrapped("aaaaaaaa b", 4, 0), "aaaaaaaa\nb");
    assert_eq!(wrapped("a\nb", 4, 0), "a\nb");
}

#[test]
fn a_users_template_goes_before_the_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{{ '%.2f'|format(total_upload_mb) }} {{ '{:.1f}'.format(total_upload_mb) }} \
                {% for p in top_processes %}{{ loop.index }} {{ p.process_name }}{% endfor %} \
                {{ name | fit(3) }}|";
    fs::write(folder.path().join("daily_report.html"), text).unwrap();
    let data = json!({
        "total_upload_mb": 1.234,
        "top_processes": [{"process_name": "<b>\"&"}],
        "name": "x",
    });
    let rendered = templates(folder.path()).render("daily_report", &data);
    assert_eq!(rendered.faults, []);
    assert_eq!(rendered.html, "1.23 1.2 1 &lt;b&gt;&quot;&amp; x  |");
    assert!(
        rendered.text.contains("Recorded"),
        "the other one is built in"
    );
}

#[test]
fn a_broken_template_is_named_with_its_line_and_the_built_in_one_writes_the_letter() {
    for (text, line, reason) in [
        ("a\n{{ x", 2, "syntax error"),
        ("a\n\n{% for x in 3 %}{% endfor %}", 3, "not iterable"),
        ("{{ host | nonsense }}", 1, "unknown filter"),
        ("\n{% include 'none.html' %}", 2, "none.html"),
        ("{% include '../secret.html' %}", 1, "secret.html"),
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
            1,
            "fuel",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("error_report.html");
        fs::write(&path, text).unwrap();
        let rendered = templates(folder.path()).render("error_report", &json!({"title": "T1"}));
        let [fault] = &rendered.faults[..] else {
            panic!("{text}: {:?}", rendered.faults)
        };
        assert_eq!((&fault.path, fault.line), (&path, Some(line)), "{fault}");
        assert!(fault.to_string().contains(reason), "{fault}");
        assert!(rendered.html.contains("T1") && rendered.text.contains("T1"));
    }
}

#[test]
fn a_template_may_extend_one_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("base.txt"),
        "<{% block b %}{% endblock %}>",
    )
    .unwrap();
    let text = "{% extends 'base.txt' %}{% block b %}{{ title }}{% endblock %}";
    fs::write(folder.path().join("error_report.txt"), text).unwrap();
    let rendered = templates(folder.path()).render("error_report", &json!({"title": "<x>"}));
    assert_eq!((rendered.text.as_str(), rendered.faults), ("<<x>>", vec![]));
}
