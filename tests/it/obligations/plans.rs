//! How the databases find what people were asked and have done.

use greenlight::domain::ids::{PersonId, TrainingId};
use greenlight::store::{acceptances, trainings};

use crate::support::both;

both! {
    fn what_a_node_loads_and_lists_is_found_by_index(app) {
        let (person, training) = (PersonId::generate(), TrainingId::generate());
        let names = [person.to_string()];
        let (_, plan) = app.plan(|conn| acceptances::approvals_of_all(conn, &names));
        assert!(plan.contains("acceptances") && plan.to_lowercase().contains("index"), "{plan}");
        assert!(!plan.contains("SCAN acceptances") && !plan.contains("Seq Scan"), "{plan}");
        let (_, plan) = app.plan(|conn| acceptances::of_person(conn, person));
        assert!(plan.to_lowercase().contains("index") && !plan.contains("Seq Scan"), "{plan}");
        let (_, plan) = app.plan(|conn| trainings::completions_of_all(conn, &names));
        assert!(plan.contains("training_completions_once"), "{plan}");
        let (_, plan) = app.plan(|conn| trainings::recorded(conn, training, &names));
        assert!(plan.contains("training_completions_once"), "{plan}");
        let (_, plan) = app.plan(|conn| trainings::find(conn, training));
        assert!(plan.contains("trainings_in_force") || plan.to_lowercase().contains("index"), "{plan}");
        let (_, plan) = app.plan(|conn| trainings::list(conn, Some(training), 51));
        assert!(plan.contains("trainings_in_force"), "{plan}");
    }
}
