//! One layout, several writers at the same time or one after the other's death.

use super::*;

#[test]
fn a_run_killed_while_it_created_the_layout_is_continued() {
    for left in [&[][..], &[".swrctl-abc.part"], &["oci-layout"]] {
        let (_dir, layout) = new();
        std::fs::create_dir(layout.path()).unwrap();
        for name in left {
            std::fs::write(layout.path().join(name), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        }
        run(async {
            assert_eq!(layout.catalog().await.unwrap(), []);
            put(&layout, "app", "1", "config").await;
        });
        assert_eq!(drafts(&layout), 0, "{left:?}");
    }
}

#[test]
fn only_what_nobody_writes_is_swept() {
    let (_dir, layout) = new();
    run(put(&layout, "app", "1", "config"));
    let blobs = layout.path().join("blobs/sha256");
    for name in [".swrctl-left.part", ".other.part", "note"] {
        std::fs::write(blobs.join(name), "x").unwrap();
    }
    let live = file::Draft::of(blobs.join("live")).unwrap();
    run(put(&Layout::at(layout.path().to_owned()), "app", "2", "config"));
    assert_eq!(drafts(&layout), 1);
    assert!(blobs.join(".other.part").exists() && blobs.join("note").exists());
    live.publish().unwrap();
    assert!(blobs.join("live").exists());
}

#[test]
fn a_change_by_another_tool_is_seen() {
    let (_dir, layout) = new();
    let name = |tag: &str| {
        let mut entry = json!(manifest("config").descriptor());
        entry["annotations"] = json!({ name::REF_NAME: format!("app:{tag}") });
        json!({ "schemaVersion": 2, "manifests": [entry] })
    };
    write_layout(&layout, &name("0"));
    run(async {
        // In place, same size, within one tick of the file system's clock.
        for tag in 0..50 {
            std::fs::write(layout.path().join("index.json"), name(&(tag % 10).to_string()).to_string()).unwrap();
            let tags = layout.tags(&repository("app")).await.unwrap().unwrap();
            assert_eq!(tags[0].as_str(), (tag % 10).to_string());
        }
        // Long settled, then replaced.
        let old = std::time::SystemTime::now() - std::time::Duration::from_mins(1);
        let path = layout.path().join("index.json");
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        assert_eq!(layout.tags(&repository("app")).await.unwrap().unwrap()[0].as_str(), "9");
        std::fs::write(&path, name("x").to_string()).unwrap();
        assert_eq!(layout.tags(&repository("app")).await.unwrap().unwrap()[0].as_str(), "x");
    });
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    const WRITERS: usize = 4;
    const TAGS: usize = 12;
    let (_dir, layout) = new();
    let path = layout.path().to_owned();
    // Handles of their own exclude each other by the file lock only, as processes do.
    let threads: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let path = path.clone();
            std::thread::spawn(move || {
                run(async {
                    let layout = Layout::at(path);
                    let tags = (0..TAGS).map(|tag| {
                        let layout = layout.clone();
                        tokio::spawn(
                            async move { put(&layout, &format!("w{writer}"), &tag.to_string(), "config").await },
                        )
                    });
                    for task in tags.collect::<Vec<_>>() {
                        task.await.unwrap();
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    run(async {
        assert_eq!(layout.catalog().await.unwrap().len(), WRITERS);
        for writer in 0..WRITERS {
            let tags = layout.tags(&repository(&format!("w{writer}"))).await.unwrap().unwrap();
            assert_eq!(tags.len(), TAGS);
        }
    });
    assert_eq!(drafts(&layout), 0);
}

#[test]
fn tags_that_wait_together_are_set_together() {
    let (_dir, layout) = new();
    run(async {
        let raw = put(&layout, "app", "first", "config").await;
        let tasks = (0..500).map(|number| {
            let (layout, raw) = (layout.clone(), raw.clone());
            tokio::spawn(async move {
                layout.put_manifest(&repository("app"), &tag(&format!("t{number}")), &raw).await.unwrap();
            })
        });
        let tasks: Vec<_> = tasks.collect();
        for stopped in tasks.iter().step_by(10) {
            stopped.abort();
        }
        let mut set = 1;
        for task in tasks {
            set += usize::from(task.await.is_ok());
        }
        // What was stopped may or may not have been set; nothing else is lost by it.
        put(&layout, "app", "last", "config").await;
        assert!(layout.tags(&repository("app")).await.unwrap().unwrap().len() > set);
    });
}
